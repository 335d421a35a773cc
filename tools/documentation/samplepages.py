"""A page for each folder of ``samples``: its README, its files and its graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["sample_pages"]

FILES = ("msvc.yaml", "baseconfig.yaml")
TITLES = {"msvc.yaml": "The ModelService", "baseconfig.yaml": "The BaseConfig"}


def sample_pages(root: Path) -> Iterator[tuple[str, str, str]]:
    """Path, text and origin of each page, the list of them first."""
    folders = sorted(folder for folder in (root / "samples").iterdir() if folder.is_dir())
    yield "samples/index.md", _index(root, folders), "samples/README.md"
    for folder in folders:
        text = [(folder / "README.md").read_text().rstrip(), ""]
        for file in FILES:
            if (folder / file).exists():
                source = (folder / file).read_text().rstrip()
                text += [f"## {TITLES[file]}", "", f"```yaml\n{source}\n```", ""]
        yield f"samples/{folder.name}.md", "\n".join(text), f"samples/{folder.name}/README.md"


def _index(root: Path, folders: list[Path]) -> str:
    """The samples' own README where there is one."""
    readme = root / "samples" / "README.md"
    if readme.exists():
        return readme.read_text()
    lines = ["# Samples", "", "One folder a scenario; every one is a test.", ""]
    for folder in folders:
        title = (folder / "README.md").read_text().partition("\n")[0].removeprefix("# ")
        lines.append(f"* [{folder.name}]({folder.name}): {title}")
    return "\n".join([*lines, ""])
