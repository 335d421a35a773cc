"""Compares what `reading.go` read of a release with what its program says when it is run.

    python running.py READ.json PROGRAM

PROGRAM is asked for ``--help``. Ends with an error where one has a flag that the other lacks, or
where a switch is a value to the other.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path


def said(program: str) -> dict[str, str]:
    """The flags of the program's own help, and whether each is a switch or takes a value."""
    asked = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    found = {}
    for line in (asked.stdout + asked.stderr).splitlines():
        match = re.match(r"^ +(?:-\w, )?--?([\w-]+)(.*)$", line)
        if match is None or match[1] == "help":
            continue
        behind = match[2].split("\t")[0]
        # pflag aligns what it says of a flag: the word right behind the name is its value's type.
        found[match[1]] = "value" if re.match(r" \S", behind) else "switch"
    return found


def main(read: Path, program: str) -> None:
    flags = json.loads(read.read_bytes())["flags"]
    # Flags that are deprecated are hidden.
    wanted = {name: row["kind"] for name, row in flags.items() if not row.get("deprecated")}
    found = said(program)
    if found != wanted:
        for name in sorted(found.keys() | wanted.keys()):
            if found.get(name) != wanted.get(name):
                print(f"{name}: read {wanted.get(name)}, said {found.get(name)}")
        raise SystemExit(1)
    print(f"{len(found)} flags are as they were read")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
