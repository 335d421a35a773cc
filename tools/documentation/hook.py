"""What mkdocs asks while it builds the site: pages that are made, and links out of ``docs``.

``nav`` may name a folder (``samples/``): it becomes the list of the pages in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from repositorylinks import relinked
from sitepages import made_pages
from templatepages import variables

ROOT = Path(__file__).resolve().parents[2]
# What a browser fetches by itself; links that somebody follows may lead anywhere.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|link(?![^>]*rel=.?canonical))\b[^>]*?(?:src|href)=.?(?:https?:)?//[^\s>]*"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made of code, samples and files of the repository."""
    for page in made_pages(ROOT):
        files.append(File.generated(config, page.path, content=page.text))
    sources = {file.src_uri for file in files.documentation_pages()}
    config.nav = [_expanded(entry, sources) for entry in config.nav or ()]
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as the repository has them, leading to the pages of the site."""
    del config
    source = f"docs/{page.file.src_uri}"
    origin = next((made.origin for made in made_pages(ROOT) if made.path == page.file.src_uri), "")
    pages = {file.src_uri for file in files}
    markdown = markdown.replace("<!-- variables -->", variables(ROOT))
    return relinked(markdown, origin or source, page.file.src_uri, pages)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """The page as it is. Raises PluginError if a browser would fetch part of it from elsewhere."""
    del config
    if found := _FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} is not whole without a network: {found[0]}")
    return output


def _expanded(entry: Any, sources: set[str]) -> Any:
    """``entry`` of the navigation, with the pages in each folder it names."""
    if isinstance(entry, dict):
        return {title: _expanded(value, sources) for title, value in entry.items()}
    if isinstance(entry, list):
        return [_expanded(item, sources) for item in entry]
    if entry.endswith("/"):
        inside = sorted(source for source in sources if source.startswith(entry))
        index = f"{entry}index.md"
        return [index] * (index in inside) + [source for source in inside if source != index]
    return entry
