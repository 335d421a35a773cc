"""Makes the tables in ``msvc_pulumi/commandline`` of what `running` and `reading` found.

    python tools/options/table.py ran-vllm.json read.json ran-sglang.json

The newest release's parser gives order, kinds and spellings; older releases say since and until
when each spelling is taken, and have a row of their own for what is no longer there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parents[2] / "msvc_pulumi" / "commandline"
# Options of the program, not of the server that it starts.
HELP = "help"


def version(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".")[:3])


def table(releases: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Releases from old to new, and every option of any of them; the last release is the newest."""
    names = sorted(releases, key=version)
    options: dict[str, Any] = {}
    for number in reversed(range(len(names))):
        for name, found in releases[names[number]].items():
            if name == HELP:
                continue
            row = options.setdefault(
                name,
                {"kind": found["kind"], "json": found["json"], "spellings": {}, "inverses": {}},
            )
            for group in ("spellings", "inverses"):
                for spelling in found[group]:
                    row[group].setdefault(spelling, []).append(number)
    _move_to_owners(options)
    for row in options.values():
        for group in ("spellings", "inverses"):
            row[group] = {key: ranges(sorted(taken)) for key, taken in row[group].items()}
        if not row["json"]:
            del row["json"]
        if not row["inverses"]:
            del row["inverses"]
    return {"releases": [".".join(map(str, version(name))) for name in names], "options": options}


def _move_to_owners(options: dict[str, Any]) -> None:
    """What once was an option of its own and now is an inverse of another goes to that one."""
    owners = {spelling: row for row in options.values() for spelling in row["inverses"]}
    for name, row in [*options.items()]:
        for spelling in [*row["spellings"]]:
            owner = owners.get(spelling)
            if owner is not None and owner is not row and row["kind"] == "switch":
                taken = row["spellings"].pop(spelling)
                owner["inverses"][spelling] = sorted({*owner["inverses"][spelling], *taken})
        if not row["spellings"]:
            for spelling, taken in row["inverses"].items():
                owners.get(f"--{name}", row)["spellings"].setdefault(spelling, taken)
            del options[name]


def ranges(numbers: Sequence[int]) -> str:
    """``0-3,7-7``: the stretches of consecutive numbers."""
    result: list[list[int]] = []
    for number in numbers:
        if result and number == result[-1][1] + 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return ",".join(f"{first}-{last}" for first, last in result)


def text(found: Mapping[str, Any], ran: str) -> str:
    """JSON with one option a line, so that a new release is a diff to read."""
    rows = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in found["options"].items()
    )
    return (
        f'{{\n "releases": {json.dumps(found["releases"])},\n "ran": {json.dumps(ran)},\n'
        f' "options": {{\n{rows}\n }}\n}}\n'
    )


if __name__ == "__main__":
    ran, read, sglang = (json.loads(Path(name).read_text("utf-8")) for name in sys.argv[1:4])
    vllm = table({**read, ran["release"]: ran["options"]})
    other = table({sglang["release"]: sglang["options"]})
    for row in other["options"].values():  # plain argparse: JSON there is one value like any other
        row.pop("json", None)
    TABLES.joinpath("vllm.json").write_text(text(vllm, ran["release"]), "utf-8")
    TABLES.joinpath("sglang.json").write_text(text(other, sglang["release"]), "utf-8")
