"""Write msvc_pulumi/schema/types.json: what Go's encoding/json knows about the Kubernetes types.

Usage: python tools/types/generate.py [OUTPUT]      (needs Go and its module proxy or module cache)

Three Go programs print one table each. The tables are united type by type and field by field; where
the original's modules know a field, their word on it counts, because they define `-o sections`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent.parent / "msvc_pulumi" / "schema" / "types.json"
PINS = ("keda", "current", "original")  # later ones win

Table = dict[str, dict[str, str]]


def printed(pin: str) -> Table:
    """The table that the Go program of one pin prints."""
    environment = os.environ | {"CGO_ENABLED": "0"}
    command = ["go", "run", "."]
    done = subprocess.run(
        command, cwd=HERE / pin, env=environment, check=True, stdout=subprocess.PIPE
    )
    table: Table = json.loads(done.stdout)
    return table


def united(tables: list[Table]) -> Table:
    """One table with the fields of all; a later table's field replaces an earlier one's."""
    union: Table = {}
    for table in tables:
        for name, fields in table.items():
            union.setdefault(name, {}).update(fields)
    return union


def text(table: Table) -> str:
    """The table as JSON, sorted, one type a line, so that an update shows as a readable diff."""
    lines = (
        f"{json.dumps(name)}:{json.dumps(table[name], sort_keys=True, separators=(',', ':'))}"
        for name in sorted(table)
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    output.write_text(text(united([printed(pin) for pin in PINS])), encoding="utf-8")


if __name__ == "__main__":
    main()
