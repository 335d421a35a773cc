"""A page for each folder of ``samples``: its README, its picture and its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msvc_pulumi import graph
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.plan import PlanOptions

__all__ = ["sample_pages"]

FILES = ("msvc.yaml", "baseconfig.yaml")
TITLES = {"msvc.yaml": "The ModelService", "baseconfig.yaml": "The BaseConfig"}
# In Mermaid's language, which a site without a network cannot draw.
_PICTURE = re.compile(r"<!-- picture ([\w-]+) -->\n.*?<!-- end of picture -->", re.DOTALL)


def sample_pages(root: Path) -> Iterator[tuple[str, str, str]]:
    """Path, text and origin of each page and picture, the list of samples first."""
    folders = sorted(folder for folder in (root / "samples").iterdir() if folder.is_dir())
    for folder in folders:
        yield f"samples/{folder.name}.svg", _drawn(folder), ""
    yield "samples/index.md", _index(root), "samples/README.md"
    for folder in folders:
        text = [(folder / "README.md").read_text().rstrip(), "", _shown(folder.name), ""]
        for file in FILES:
            if (folder / file).exists():
                source = (folder / file).read_text().rstrip()
                text += [f"## {TITLES[file]}", "", f"```yaml\n{source}\n```", ""]
        yield f"samples/{folder.name}.md", "\n".join(text), f"samples/{folder.name}/README.md"


def _drawn(folder: Path) -> str:
    """The objects of a sample as SVG."""
    service, base = ([str(folder / file)] for file in FILES)
    plans = plan_inputs(load_inputs(service, base), PlanOptions()).plans
    return graph.render(plans, "svg")


def _shown(name: str) -> str:
    image = f'<img src="{name}.svg" alt="What {name} is made of" loading="lazy">'
    return f'<a href="{name}.svg">{image}</a>'


def _index(root: Path) -> str:
    """The samples' own README."""
    readme = (root / "samples" / "README.md").read_text()
    return _PICTURE.sub(lambda found: _shown(found[1]), readme)
