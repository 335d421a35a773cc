"""README and documentation are true: their commands run, and their lists are complete."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from documentedcommands import ROOT, SHOWN, Block, blocks, checkout, output_differs, pages, run

sys.path.insert(0, str(ROOT / "tools" / "documentation"))

from settingspages import ENVIRONMENT
from templateexamples import Example, examples, given, variable_names

from msvc_pulumi.gotemplate.functions import NAMES
from msvc_pulumi.jinjatemplate.filters import allowed_filters, allowed_tests
from msvc_pulumi.jinjatemplate.sandbox import Environment

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
    wrong = {
        example.template: (given(ROOT, dialect, example.template), example.gives)
        for dialect, example in EXAMPLES
        if given(ROOT, dialect, example.template) != example.gives
    }
    assert wrong == {}


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


def test_documented_environment_variables_are_read() -> None:
    """Every one is a word of the code, and what the code reads of ours is documented."""
    code = "\n".join(
        file.read_text()
        for folder in ("msvc_pulumi", "components")
        for file in (ROOT / folder).rglob("*.py")
    )
    assert [name for name in ENVIRONMENT if f'"{name}"' not in code] == []
