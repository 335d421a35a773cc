"""Links of a file of the repository, as they have to be on the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import dirname, normpath, relpath

__all__ = ["relinked"]

# Files outside of docs that have a page.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "docs": "index.md",
    "docs/decisions": "decisions/index.md",
    "samples": "samples/index.md",
    "samples/README.md": "samples/index.md",
}
_LINK = re.compile(r"(?P<open>!?\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^()\s]+)\)")
_FENCE = re.compile(r"^(?:```|~~~)")


def relinked(markdown: str, origin: str, page: str, pages: set[str]) -> str:
    """``markdown`` of the file ``origin`` for ``page``; what has no page is no link.

    ``pages`` are all files of the site. A link to one of them that is not there stays, so that a
    strict build says so.
    """

    def changed(found: re.Match[str]) -> str:
        target = found["target"]
        if _is_elsewhere(target):
            return found[0]
        path, _, fragment = target.partition("#")
        place = _place(normpath(f"{dirname(origin)}/{path}" if dirname(origin) else path), pages)
        if not place:
            return found["open"].strip("[]") if not found["open"].startswith("!") else ""
        link = relpath(place, dirname(page) or ".")
        return f"{found['open']}({link}{'#' if fragment else ''}{fragment})"

    return "".join(
        line if is_code else _LINK.sub(changed, line) for line, is_code in _lines(markdown)
    )


def _lines(markdown: str) -> Iterator[tuple[str, bool]]:
    """Every line, and whether it is code."""
    is_code = False
    for line in markdown.splitlines(keepends=True):
        fence = bool(_FENCE.match(line.lstrip()))
        yield line, is_code or fence
        is_code ^= fence


def _is_elsewhere(target: str) -> bool:
    return target.startswith("#") or ":" in target


def _place(path: str, pages: set[str]) -> str:
    """The page of a path in the repository; "" if it has none."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("samples/"):
        return f"samples/{path.split('/')[1]}.md"
    return path if path in pages else ""
