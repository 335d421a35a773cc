"""README and documentation are true: their commands run, and their lists are complete."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from documentedcommands import ROOT, SHOWN, Block, blocks, checkout, output_differs, pages, run

sys.path.insert(0, str(ROOT / "tools" / "documentation"))

from settingspages import ENVIRONMENT
from templateexamples import Example, examples, given, variable_names

from msvc_pulumi.components import ModelService
from msvc_pulumi.components.arguments import ModelServiceArgs, described
from msvc_pulumi.gotemplate.execute.functions import NAMES
from msvc_pulumi.jinjatemplate.filters import allowed_filters, allowed_tests
from msvc_pulumi.jinjatemplate.sandbox import Environment
from msvc_pulumi.out.declaration import COMPONENT
from msvc_pulumi.target.kinds import KINDS

# What our own processes tell each other.
INTERNAL = {"MSVC_BASE_CONFIG", "MSVC_NAME", "MSVC_NAMESPACE", "MSVC_OPTIONS", "MSVC_PYTHON"}
HIDDEN = re.compile(r"^\$ |^msvc |^kubectl ", re.MULTILINE)
ALL = [block for page in pages() for block in blocks(page)]
NOT_RUN = [block for block in ALL if block.reason]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in pages() if list(blocks(page))], ids=named)
def test_commands_of_a_page(page: Path, tmp_path: Path) -> None:
    """What a bare machine can run ends as the page says and prints what the page shows."""
    checkout(tmp_path)
    for block in blocks(page):
        if block.needs or block.reason:
            continue
        if block.title:
            file = tmp_path / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        for number, command in enumerate(block.commands, 1):
            code, printed = run(command, tmp_path)
            place = f"{block.page.name}:{command.line}: {command.text}"
            wanted = block.exits if number == len(block.commands) else 0
            assert code == wanted, f"{place}\n{printed}"
            assert not (said := output_differs(command.output, printed)), f"{place}\n{said}"


@pytest.mark.parametrize("block", NOT_RUN, ids=lambda block: block.place)
def test_what_is_not_run_says_why(block: Block) -> None:
    """Listed as skipped, with the reason that the page gives."""
    assert len(block.reason.split()) > 2, "a reason is a sentence"
    pytest.skip(block.reason)


def test_a_program_is_beside_its_project() -> None:
    """Quick to see here; that it runs is seen where there is an engine."""
    shown = {(block.page, block.title) for block in ALL}
    projects = [one for one in ALL if one.title.endswith("Pulumi.yaml") and "python" in one.text]
    assert projects
    for one in projects:
        program = Path(one.title).with_name("__main__.py")
        assert (one.page, str(program)) in shown, one.place


def test_every_block_is_of_a_known_kind() -> None:
    """No command hides in a block that nobody collects."""
    wrong = [
        block.place
        for block in ALL
        if block.language not in (*SHOWN, "sh", "console")
        or (block.language == "console" and not block.commands)
        or (block.language in ("", "text") and HIDDEN.search(block.text))
    ]
    assert wrong == []


EXAMPLES = [
    (dialect, example)
    for dialect, file in (("go", "go.yaml"), ("jinja2", "jinja2.yaml"), ("go", "variables.yaml"))
    for example in examples(ROOT, file)
]


def test_every_template_example_gives_what_is_said() -> None:
    found = {one.template: given(ROOT, dialect, one.template) for dialect, one in EXAMPLES}
    assert found == {one.template: one.gives for _, one in EXAMPLES}


def shows(example: Example) -> bool:
    """Whether the example uses what it is an example of."""
    return re.search(rf"(?<!\w){re.escape(example.name)}(?!\w)", example.template) is not None


def test_every_template_name_is_documented() -> None:
    """Functions, filters, tests and variables: what there is and what is shown are the same."""
    assert [example.name for _, example in EXAMPLES if not shows(example)] == []
    assert {example.name for example in examples(ROOT, "go.yaml")} == {*NAMES, "getPort"}
    jinja = {example.name for example in examples(ROOT, "jinja2.yaml")}
    assert jinja == {*allowed_filters(), *allowed_tests(), *Environment().globals, "getPort"}


def test_every_variable_is_documented() -> None:
    assert {example.name for example in examples(ROOT, "variables.yaml")} == variable_names(ROOT)


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def yaml_programs() -> Iterator[dict[str, Any]]:
    for block in ALL:
        if block.title.endswith("Pulumi.yaml"):
            program = yaml.safe_load(block.text)
            if program["runtime"] == "yaml":
                yield program


def test_programs_in_yaml_plan() -> None:
    """Each resource is one that the plugin knows, and its properties make a plan."""
    programs = list(yaml_programs())
    assert programs
    arguments = {camel(name): name for name in ModelServiceArgs.__annotations__}
    for program in programs:
        for resource in program["resources"].values():
            assert resource["type"] == COMPONENT
            given = {arguments[name]: value for name, value in resource["properties"].items()}
            assert len(described(cast("ModelServiceArgs", given)).plan) > 1


def test_programs_in_typescript_use_what_there_is() -> None:
    """Names of arguments and outputs; no compiler is at hand."""
    programs = [block.text for block in ALL if block.language == "typescript"]
    assert programs
    outputs = {camel(name) for name in ModelService.__annotations__}
    for program in programs:
        made = re.search(r"(?s)new llmd\.ModelService\(\"\w+\", \{\n(.*?)\n\}\)", program)
        assert made
        stated = set(re.findall(r"(?m)^    (\w+):", made[1]))
        assert stated <= {camel(name) for name in ModelServiceArgs.__annotations__}
        assert set(re.findall(r"= facebook\.(\w+);", program)) <= outputs


def test_documented_environment_variables_are_read() -> None:
    """Every one is a word of the code, and what the code reads of ours is documented."""
    code = "\n".join(
        file.read_text()
        for folder in ("msvc_pulumi", "components")
        for file in (ROOT / folder).rglob("*.py")
    )
    assert [name for name in ENVIRONMENT if f'"{name}"' not in code] == []
    assert set(re.findall(r'"((?:MSVC|XDG)_[A-Z_]+)"', code)) - INTERNAL <= {*ENVIRONMENT}


def test_the_component_is_described_without_the_site() -> None:
    """The tables of its page name every argument, every output and every key of a child."""
    text = (ROOT / "docs" / "component.md").read_text()
    tables = "".join(re.findall(r"(?m)^ *\|.*\n", text))
    named = set(re.findall(r"`([a-zA-Z_]+)(?:\[0\])?`", tables))
    assert {*ModelServiceArgs.__annotations__, *ModelService.__annotations__, *KINDS} <= named
