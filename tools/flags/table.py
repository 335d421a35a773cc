"""Joins what `reading.go` printed into the table of the package.

    python table.py READ > msvc_pulumi/commandline/goflags.json

READ is a folder with `extension`, `llm-d` and `sidecar`, each with a file for every release, named
by its tag. Where llm-d's endpoint picker only calls that of the Inference Extension, the file of
the release holds nothing but the version in its go.mod, as ``extension``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

SOURCES = {
    "extension": "kubernetes-sigs/gateway-api-inference-extension",
    "llm-d": "llm-d/llm-d-router",
    "sidecar": "llm-d/llm-d-router",
}
FINAL = 1000  # a release comes after all its candidates
MOVED = (0, 4, 0, 0)  # the routing sidecar came to the router's repository

Release = tuple[int, int, int, int]


def release(tag: str) -> Release:
    """A tag as a release: numbers that sort as releases follow each other."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:-(?:rc|RC)\.?(\d+))?", tag)
    if match is None:
        raise SystemExit(f"{tag} is no release")
    major, minor, patch, candidate = match.groups()
    return int(major), int(minor), int(patch), int(candidate) if candidate else FINAL


def text(of: Release) -> str:
    number = ".".join(str(part) for part in of[:3])
    return number if of[3] == FINAL else f"{number}-rc.{of[3]}"


def read(folder: Path) -> dict[Release, dict[str, Any]]:
    """What was read of each release, from old to new."""
    found = {release(file.stem): json.loads(file.read_bytes()) for file in folder.glob("*.json")}
    return dict(sorted(found.items()))


def repository(program: str, of: Release) -> str:
    if program == "sidecar" and of < MOVED:
        return "llm-d/llm-d-routing-sidecar"
    return SOURCES[program]


def program(name: str, releases: dict[Release, dict[str, Any]]) -> dict[str, Any]:
    """A program's releases, and a row for each stretch of them that takes a flag."""
    known = list(releases)
    names = sorted({flag for found in releases.values() for flag in found["flags"]})
    rows = []
    for flag in names:
        taking = [
            number for number in range(len(known)) if flag in releases[known[number]]["flags"]
        ]
        for first, last in stretches(taking):
            stated = [releases[known[number]]["flags"][flag] for number in range(first, last + 1)]
            row = {"name": flag, "kind": stated[0]["kind"], "from": text(known[first])}
            if any(one["kind"] != row["kind"] for one in stated):
                raise SystemExit(f"{flag} changes its kind")
            if last < len(known) - 1:
                row["until"] = text(known[last])
            for fact in ("deprecated", "refused"):
                since = next((n for n, one in enumerate(stated) if one.get(fact)), None)
                if since is not None:
                    row[fact] = text(known[first + since])
            source = stated[0]["source"]
            if not source.startswith(("sigs.k8s.io/", "k8s.io/")):
                source = (
                    f"{stated[0].get('repository') or repository(name, known[first])}: {source}"
                )
            row["source"] = source
            rows.append(row)
    values = []
    flags = sorted({flag for found in releases.values() for flag in found["values"]})
    for flag in flags:
        for value in sorted(
            {v for found in releases.values() for v in found["values"].get(flag, ())}
        ):
            taking = [
                number
                for number in range(len(known))
                if value in releases[known[number]]["values"].get(flag, ())
            ]
            for first, last in stretches(taking):
                row = {"flag": flag, "value": value, "from": text(known[first])}
                if last < len(known) - 1:
                    row["until"] = text(known[last])
                values.append(row)
    return {
        "releases": [
            {
                "release": text(one),
                "parser": found["parser"],
                **({"extension": found["extension"]} if "extension" in found else {}),
            }
            for one, found in releases.items()
        ],
        "flags": rows,
        "values": values,
    }


def stretches(numbers: list[int]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for number in numbers:
        if result and result[-1][1] == number - 1:
            result[-1] = (result[-1][0], number)
        else:
            result.append((number, number))
    return result


def main(folder: Path) -> None:
    table = {}
    extension = read(folder / "extension")
    for name in SOURCES:
        releases = read(folder / name)
        for of, found in releases.items():
            if version := found.get("extension"):
                whose = folder / "commits" / f"{version}.json"
                asked = (
                    json.loads(whose.read_bytes())
                    if whose.is_file()
                    else extension[release(version)]
                )
                flags = {
                    flag: {**row, "repository": SOURCES["extension"]}
                    for flag, row in asked["flags"].items()
                }
                releases[of] = {**asked, "flags": flags, "extension": version}
        table[name] = program(name, releases)
    print("{")
    for number, (name, of) in enumerate(table.items()):
        print(f' "{name}": {{')
        for last, (part, rows) in zip((False, False, True), of.items(), strict=True):
            print(f'  "{part}": [')
            print(",\n".join("   " + json.dumps(row) for row in rows))
            print("  ]" if last else "  ],")
        print(" }" if number == len(table) - 1 else " },")
    print("}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
