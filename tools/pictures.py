"""``make pictures``: what ``msvc graph`` draws of each sample, in samples/README.md.

A picture stands between ``<!-- picture NAME -->`` and ``<!-- end of picture -->``.
"""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from msvc_pulumi.cli import main

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
PAGE = SAMPLES / "README.md"
PICTURE = re.compile(r"(<!-- picture ([\w-]+) -->\n).*?(<!-- end of picture -->)", re.DOTALL)


def drawn(page: str) -> str:
    """The page with every picture drawn again."""
    return PICTURE.sub(lambda found: found[1] + _block(found[2]) + found[3], page)


def _block(name: str) -> str:
    with redirect_stdout(StringIO()) as picture:
        code = main(["graph", "-m", str(SAMPLES / name), "-o", "mermaid"])
    if code:
        raise SystemExit(code)
    return f"```mermaid\n{picture.getvalue()}```\n"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
