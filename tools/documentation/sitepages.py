"""All pages of the site that no file of ``docs`` is: `made_pages`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from clipages import command_line
from diagnosticpages import diagnostic_pages
from referencepages import base_config, model_service
from samplepages import sample_pages
from settingspages import settings
from templatepages import go_functions, jinja_names

__all__ = ["Page", "made_pages"]


class Page(NamedTuple):
    """``path`` is the page's in the site, ``origin`` the file whose links it has, if it has any."""

    path: str
    text: str
    origin: str = ""


@cache
def made_pages(root: Path) -> tuple[Page, ...]:
    """The pages for the checkout ``root``."""
    copied = {
        "index.md": "README.md",
        "project/changelog.md": "CHANGELOG.md",
        "project/contributing.md": "CONTRIBUTING.md",
        "project/security.md": "SECURITY.md",
    }
    return (
        *(Page(path, (root / file).read_text(), file) for path, file in copied.items()),
        *(Page(*page) for page in sample_pages(root)),
        *(Page(*page) for page in diagnostic_pages()),
        Page("decisions/index.md", _decisions(root)),
        Page("reference/model-service.md", model_service()),
        Page("reference/base-config.md", base_config()),
        Page("reference/command-line.md", command_line()),
        Page("reference/settings.md", settings(root)),
        Page("template-language/go.md", go_functions(root)),
        Page("template-language/jinja2.md", jinja_names(root)),
    )


def _decisions(root: Path) -> str:
    lines = ["# All decisions", "", "What was decided, and what it cost.", ""]
    for file in sorted((root / "docs/decisions").glob("0*.md")):
        title = file.read_text().partition("\n")[0].removeprefix("# ")
        lines.append(f"* [{title}]({file.name})")
    return "\n".join([*lines, ""])
