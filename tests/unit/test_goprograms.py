"""Which release an image is, and what the table of flags says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from msvc_pulumi.commandline import goprograms
from msvc_pulumi.commandline.goprograms import FINAL, Candidates, GoProgram, ProgramName, candidates
from msvc_pulumi.plan import plan_model_service

DATA = Path(__file__).parent / "goflags"
TABLE = json.loads(Path(goprograms.__file__).with_name("goflags.json").read_bytes())
ROOT = Path(__file__).parents[2]
TRUTH = ROOT.parent / "shared" / "reference" / "real-components.md"
IMAGES = {
    "extension": ("epp",),
    "llm-d": ("llm-d-inference-scheduler", "llm-d-router-endpoint-picker"),
    "sidecar": ("llm-d-routing-sidecar", "llm-d-router-disagg-sidecar"),
}
RELEASES = [
    (program, entry["release"]) for program, of in TABLE.items() for entry in of["releases"]
]


def text(program: GoProgram, number: int) -> str:
    *version, candidate = program.numbers[number]
    release = ".".join(str(part) for part in version)
    return release if candidate == FINAL else f"{release}-rc.{candidate}"


@pytest.mark.parametrize("case", yaml.safe_load((DATA / "images.yaml").read_text("utf-8")), ids=str)
def test_image(case: list[str]) -> None:
    """A tag is the release that it names, else all that it may be."""
    image, *wanted = case
    found = candidates(image)
    if found is None:
        assert wanted == []
        return
    said = [text(found.program, found.first), text(found.program, found.last)]
    assert [*said, *(["later"] if found.is_later else [])] == wanted


def test_every_row_is_whole() -> None:
    """Each row has all that makes it a fact; its releases are known and in order."""
    assert set(TABLE) == set(get_args(ProgramName))
    for name, of in TABLE.items():
        order = [entry["release"] for entry in of["releases"]]
        assert GoProgram.of(name).numbers == sorted(GoProgram.of(name).numbers)
        assert {entry["parser"] for entry in of["releases"]} <= {"flag", "pflag"}
        for row in of["flags"]:
            assert row["kind"] in ("switch", "value")
            assert row["source"]
            stretch = [order.index(row["from"]), order.index(row.get("until", order[-1]))]
            assert stretch == sorted(stretch)
            for fact in ("deprecated", "refused"):
                if fact in row:
                    assert stretch[0] <= order.index(row[fact]) <= stretch[1]
        flags = {row["name"] for row in of["flags"]}
        assert {row["flag"] for row in of["values"]} <= flags


def image_of(program: str, release: str) -> str:
    old, *new = IMAGES[program]
    is_new = [int(part) for part in release.partition("-")[0].split(".")] >= [0, 9, 0]
    return f"x/{new[0] if new and is_new else old}:v{release}"


@pytest.mark.parametrize(("program", "release"), RELEASES, ids="-".join)
def test_every_release_is_told_of_what_it_does_not_take(program: str, release: str) -> None:
    """Of all flags that any release takes exactly those are told that this one does not take.

    With two dashes, which all of them take.
    """
    of = TABLE[program]
    order = [entry["release"] for entry in of["releases"]]
    here = order.index(release)
    rows = {row["name"]: "" for row in of["flags"]}
    for row in of["flags"]:
        if order.index(row["from"]) <= here <= order.index(row.get("until", order[-1])):
            late = "deprecated" in row and order.index(row["deprecated"]) <= here
            rows[row["name"]] = "deprecated" if late else "taken"
    values = {
        row["flag"]: row["value"]
        for row in of["values"]
        if order.index(row["from"]) <= here <= order.index(row.get("until", order[-1]))
    }
    args = [
        f"--{row}" if kinds(of)[row] == "switch" else f"--{row}={values.get(row, '1')}"
        for row in rows
    ]
    found = dict(told(image_of(program, release), args))
    for number, (name, state) in enumerate(rows.items()):
        code = found.get(number)
        if state == "taken":
            assert code is None, (name, code)
        elif state == "deprecated":
            assert code == "deprecated-flag", (name, code)
        else:
            assert code in ("unknown-flag", "renamed-flag", "removed-flag"), (name, code)


@pytest.mark.parametrize(("program", "release"), RELEASES, ids="-".join)
def test_one_dash_is_told_where_it_is_refused(program: str, release: str) -> None:
    """The parser decides; -v is a letter to all of them that have it."""
    [strict] = [
        entry["parser"] == "pflag"
        for entry in TABLE[program]["releases"]
        if entry["release"] == release
    ]
    known = candidates(image_of(program, release))
    assert known is not None
    name = "port" if program == "sidecar" else "pool-name"
    name = name if known.takes(name) else "poolName"
    letters = ["-v=4", "-v", "5"] if known.takes("v") else []
    found = told(image_of(program, release), [f"-{name}", "x", *letters])
    assert found == ([(0, "single-dash-flag")] if strict else [])


def kinds(of: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["kind"] for row in of["flags"]}


def told(image: str, args: list[str]) -> list[tuple[int, str]]:
    """What is said of a container's args: the number of each, and the code."""
    section = {"spec": {"template": {"spec": {"containers": [{"image": image, "args": args}]}}}}
    base = {"kind": "ConfigMap", "data": {"eppDeployment": json.dumps(section)}}
    service = {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "demo", "namespace": "n"},
        "spec": {"routing": {"modelName": "m"}, "modelArtifacts": {"uri": "hf://a/b"}},
    }
    plan = plan_model_service(service, base)
    return [
        (int(item.field[-1]), item.code)
        for item in plan.diagnostics
        if item.field[-2:-1] == ("args",)
    ]


def rows_of_truth(heading: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table of flags below a heading, each by its first column."""
    lines = TRUTH.read_text("utf-8").partition(f"## {heading}\n")[2].splitlines()
    titles: list[str] = []
    for line in lines:
        if line.startswith("## "):
            return
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("|- "):
            if titles and not line:
                return
            continue
        if not titles:
            titles = cells
        else:
            yield cells[0], dict(zip(titles[1:], cells[1:], strict=False))


def names(cell: str) -> list[str]:
    """The words of a cell that are flags: those that the table has under this name."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9-]+", cell.replace("*", ""))
    known = {row["name"] for of in TABLE.values() for row in of["flags"]}
    return [word for word in words if word in known and ("-" in word or word != word.lower())]


@pytest.mark.skipif(not TRUTH.is_file(), reason="the reference is not beside this checkout")
@pytest.mark.parametrize(
    ("heading", "lines", "least"),
    [
        ("Endpoint picker: flags", {"GIE": "extension", "router": "llm-d"}, 40),
        ("Routing sidecar", {"": "sidecar"}, 25),
    ],
)
def test_what_was_found_by_hand_is_in_the_table(
    heading: str, lines: dict[str, str], least: int
) -> None:
    """Flags that are said to be new, gone or deprecated in a release are so in the table."""
    seen = 0
    for title, cells in rows_of_truth(heading):
        match = re.match(r"(GIE|router)?\s*(\d+\.\d+)", title)
        assert match is not None, title
        program = lines[match[1] or ""]
        of = TABLE[program]
        numbers = {tuple(e["release"].partition("-")[0].split(".")[:2]) for e in of["releases"]}
        version = tuple(match[2].split("."))
        assert version in numbers
        at = [int(part) for part in version]
        for name in names(
            re.sub(r"\([^)]*\)", "", cells["flags new" if "flags new" in cells else "new"])
        ):
            first = minor(next(row["from"] for row in of["flags"] if row["name"] == name))
            assert first == at or title.startswith(("GIE 0.3", "0.0.4", "0.2")), (title, name)
            seen += 1
        for name in names(cells["gone"]):
            if at != [1, 0]:
                ends = [row.get("until") for row in of["flags"] if row["name"] == name]
                assert all(end is not None and minor(end) < at for end in ends), (title, name)
                seen += 1
        for name in names(
            cells["deprecated"] if "deprecated" in cells else cells["deprecated (still taken)"]
        ):
            since = [row["deprecated"] for row in of["flags"] if row["name"] == name]
            assert minor(since[0]) == at, (title, name)
            seen += 1
    assert seen >= least


def minor(release: str) -> list[int]:
    return [int(part) for part in release.split(".")[:2]]


def test_the_page_is_made_of_the_table() -> None:
    """docs/pickers.md says what the data says."""
    of = spec_from_file_location("page", ROOT / "tools" / "flags" / "page.py")
    assert of is not None and of.loader is not None
    page = module_from_spec(of)
    of.loader.exec_module(page)
    written = page.PAGE.read_text("utf-8")
    assert page.page(written) == written
    assert len(written.splitlines()) > 100


def test_nothing_is_sure_of_what_may_be_anything() -> None:
    """Between releases only what all of them share is said to be so."""
    for name in get_args(ProgramName):
        program = GoProgram.of(name)
        every = Candidates(program, 0, len(program.numbers) - 1, is_later=True, is_stated=False)
        for flag in program.rows:
            assert not every.refuses(flag)
            first = program.rows[flag][0]
            always = (first.first, first.last) == (0, len(program.numbers) - 1)
            assert every.takes(flag) == always
