"""docs/architecture.md is true: what it names exists, in the order in which it says so."""

from __future__ import annotations

import re
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import FrameType
from typing import Any

import pytest
from documentedcommands import ROOT
from listeningengine import Engine

from msvc_pulumi.cli import main
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.engine.hosts.planhost import PlanHost
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.target.options import PlanOptions

PACKAGE = ROOT / "msvc_pulumi"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TOP = {path.stem for path in PACKAGE.glob("[a-z]*") if path.suffix in ("", ".py")}
# CODE and NOUN stand for one of many.
MANY = re.compile("[A-Z]{2}")
NAMED = sorted(set(re.findall(r"`((?:\w+\.)+\w+)(?:\(.*?\))?`", PAGE)))
DOTTED = [name for name in NAMED if name.partition(".")[0] in TOP and not name.endswith(".py")]
PATHS = set(re.findall(r"`?((?:\w[\w-]*/)+(?:[\w-]+\.(?:py|yaml|json))?)(?=[`,\s)])", PAGE))
TESTS = set(re.findall(r"`(test_\w+\.py)`", PAGE))
TEMPLATE, RESULT = "{{ .HFModelName }}", "ibm-granite/granite-3.3-2b-base"
DEEP = 12  # levels of values in which items are looked for


def tables() -> Iterator[list[list[str]]]:
    """The cells of each table's rows, without its heading."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        rows = [line.strip("|").split("|") for line in table.splitlines()[2:]]
        yield [[cell.strip() for cell in row] for row in rows]


WAY, ROOMS, HOUSES = tables()


def named(cell: str) -> list[str]:
    return [name.rstrip("/") for name in re.findall(r"`([^`]+)`", cell)]


def layers(container: str) -> list[set[str]]:
    """The rooms of ``container`` from the lowest on, by the import contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (found,) = [one for one in contracts["contracts"] if one.get("containers") == [container]]
    return [set(re.split(r" *[|:] *", layer)) for layer in reversed(found["layers"])]


@pytest.mark.parametrize("name", DOTTED)
def test_what_is_named_exists(name: str) -> None:
    steps, found, rest = name.split("."), None, [""]
    for length in range(len(steps), 0, -1):
        if (PACKAGE.joinpath(*steps[:length]).with_suffix(".py")).exists():
            found, rest = import_module(".".join(["msvc_pulumi", *steps[:length]])), steps[length:]
            break
    for step in rest:
        found = getattr(found, step)
    assert found is not None


def test_files_that_are_named_exist() -> None:
    assert len(PATHS) > 20
    places = ROOT, PACKAGE, PACKAGE.parent / "docs"
    paths = [path for path in PATHS if not MANY.search(path)]
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []
    known = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert TESTS
    assert TESTS <= known


def test_rooms_stand_in_the_order_of_the_contract() -> None:
    """Every one is there, and each row holds one layer or several that follow each other."""
    rows = [name for row in ROOMS for name in named(row[0])]
    assert sorted(rows) == sorted(TOP)
    number = {name: place for place, row in enumerate(ROOMS) for name in named(row[0])}
    order = [
        sorted(number[name] for name in layer - {"__main__"}) for layer in layers("msvc_pulumi")
    ]
    assert [place for places in order for place in places] == sorted(number.values())


@pytest.mark.parametrize("house", HOUSES, ids=lambda row: named(row[0])[0])
def test_rooms_of_a_house_stand_in_the_order_of_the_contract(house: list[str]) -> None:
    (title,), rooms = named(house[0]), named(house[3])
    folders = {path.parent.name for path in (PACKAGE / title).glob("*/__init__.py")}
    assert set(rooms) == folders
    ranks = [
        rank
        for room in rooms
        for rank, layer in enumerate(layers(f"msvc_pulumi.{title}"))
        if room in layer
    ]
    assert ranks == sorted(ranks)
    loose = [path for path in (PACKAGE / title).glob("*.py") if path.stem != "__init__"]
    assert len(loose) == int(house[2])


class Observer:
    """Takes down calls in which a function has its item of a list in hand."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._begun: dict[FrameType, int] = {}
        self._first: dict[str, int] = {}

    @property
    def order(self) -> list[str]:
        """The functions by the beginning of the first such call of each."""
        return sorted(self._first, key=self._first.__getitem__)

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        if event not in ("call", "return"):
            return
        module = frame.f_globals.get("__name__", "").removeprefix("msvc_pulumi.")
        name = f"{module}.{frame.f_code.co_qualname}"
        if name not in self._texts:
            return
        begun = self._begun.setdefault(frame, len(self._begun))
        if event == "return" and name not in self._first:
            hands = [*frame.f_locals.values(), value]
            if self._texts[name] in items(*hands):
                self._first[name] = begun

    def __enter__(self) -> Observer:
        threading.setprofile(self)
        sys.setprofile(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)


def items(*values: Any) -> set[str]:
    """Texts that are items of lists, as arguments are, in ``values`` or in what these hold."""
    found: set[str] = set()
    level, seen = list(values), set()
    for _ in range(DEEP):
        below: list[Any] = []
        for value in level:
            if isinstance(value, list | tuple):
                found |= {item for item in value if isinstance(item, str)}
            if id(value) not in seen:
                seen.add(id(value))
                below += inside(value)
        level = below
    return found


def inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    if type(value).__module__.startswith("msvc_pulumi"):
        names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        return (
            [*vars(value).values()]
            if hasattr(value, "__dict__")
            else [getattr(value, name, None) for name in names]
        )
    return []


def test_the_value_takes_the_way_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    """The functions are called in this order, each with the template or with what it became."""
    functions = [named(row[1])[0] for row in WAY]
    rendered = functions.index("gotemplate.execute.rendering.render")
    held = {
        name: TEMPLATE if number < rendered else RESULT for number, name in enumerate(functions)
    }
    folder = str(ROOT / "samples" / "simple")
    with Observer(held) as seen:
        assert main(["generate", "-m", folder]) == 0
    (plan,) = plan_inputs(load_inputs([folder], []), PlanOptions()).plans
    with seen:
        assert not Engine().run(PlanHost([plan])).bail
    assert RESULT in capsys.readouterr().out
    assert seen.order == functions
