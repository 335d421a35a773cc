"""Writes the table of flags in docs/pickers.md anew.

    python tools/flags/page.py [--check]

With ``--check`` it only says whether the table is that of the data.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATA = ROOT / "msvc_pulumi" / "commandline" / "goflags.json"
PAGE = ROOT / "docs" / "pickers.md"
BEGIN = "<!-- flags: made by tools/flags/page.py -->\n"
END = "<!-- end of flags -->\n"
TITLES = {
    "extension": "Endpoint picker of the Inference Extension (epp)",
    "llm-d": "Endpoint picker of llm-d (llm-d-inference-scheduler, llm-d-router-endpoint-picker)",
    "sidecar": "Routing sidecar (llm-d-routing-sidecar, llm-d-router-disagg-sidecar)",
}


def table(of: dict[str, Any]) -> str:
    """A row for each minor release that changes anything, as Markdown."""
    order = [entry["release"] for entry in of["releases"]]
    minors = list(dict.fromkeys(map(minor, order)))
    lines = ["| release | new | gone | deprecated |", "|---|---|---|---|"]
    for position, here in enumerate(minors):
        new = [row["name"] for row in of["flags"] if minor(row["from"]) == here]
        before = minors[position - 1] if position else ""
        gone = [
            row["name"] for row in of["flags"] if "until" in row and minor(row["until"]) == before
        ]
        late = [
            row["name"] + (" (ends the program)" if minor(row.get("refused", "")) == here else "")
            for row in of["flags"]
            if minor(row.get("deprecated", "")) == here
        ]
        parsers = [
            entry["parser"] for entry in of["releases"] if minor(entry["release"]) in (before, here)
        ]
        if position and parsers[0] != parsers[-1]:
            gone.append("one dash before a long name")
        if new or gone or late:
            cells = (", ".join(cell) for cell in (new, gone, late))
            lines.append(f"| {here} | {' | '.join(cells)} |")
    return "\n".join(lines)


def values(of: dict[str, Any]) -> str:
    """The values of options that are held against a list, by release."""
    if not of["values"]:
        return ""
    lines = ["| option | value | since | until |", "|---|---|---|---|"]
    for row in of["values"]:
        lines.append(f"| {row['flag']} | {row['value']} | {row['from']} | {row.get('until', '')} |")
    return "\n" + "\n".join(lines) + "\n"


def minor(release: str) -> str:
    return ".".join(release.split(".")[:2])


def page(text: str) -> str:
    """The page with the table of the data."""
    programs = json.loads(DATA.read_bytes())
    parts = [f"### {TITLES[name]}\n\n{table(of)}\n{values(of)}" for name, of in programs.items()]
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + "\n" + "\n".join(parts) + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    before = PAGE.read_text("utf-8")
    if "--check" not in sys.argv:
        PAGE.write_text(page(before), "utf-8")
    elif page(before) != before:
        raise SystemExit("docs/pickers.md is not that of the data: run tools/flags/page.py")
