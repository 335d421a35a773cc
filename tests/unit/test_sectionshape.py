"""A section read with blanks and filled with its words is the section read with its words."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from msvc_pulumi.document.simplevalues import COMPLEX, simple_value
from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostics, FieldPath
from msvc_pulumi.gotemplate import Struct
from msvc_pulumi.interpolation.interpolate import Interpolation
from msvc_pulumi.interpolation.sectionshape import Shape, Skeleton
from msvc_pulumi.interpolation.structure import SectionText
from msvc_pulumi.plan import plan_model_service

VARIABLES = ("ModelName", "ModelServiceName")
PRINTED = [f"{{{{ .{name} }}}}" for name in VARIABLES]
LINES = (
    *("a: X", "b: 'X'", 'c: "X"', "d: [X, x]", "e: {k: X}", "f: |\n  X\n  y", "g: >-\n  X X\n   X"),
    *(
        "h: x-X-X",
        "i: XX",
        "j: 0xX",
        "k: .X",
        "l: -X",
        "m: 1X",
        "n: X1",
        "o: X: y",
        "p: X # X",
        "# X",
    ),
    *('q: "\\X"', 'r: "\\x4X"', "s: 'X''X'", "t:\n  X\n  y", "u: &a X", "v: !!str X", "w: !!X x"),
    *(
        "x: {X}",
        "y: [X: X]",
        "z: X,X",
        "X: y",
        "- X",
        "? X",
        "kind: X",
        "<<: X",
        "zq_: X",
        "X",
        "%X",
    ),
)
PIECES = (
    " ",
    "\n",
    ":",
    "-",
    "'",
    '"',
    "[",
    "}",
    "#",
    "0",
    "e",
    "_",
    "\\",
    "&",
    "*a",
    "|",
    "\t",
    "zq",
)
WORDS = (
    "qwen",
    "meta/llama-3",
    "no-such.model_v2",
    "f",
    "deadbeef",
    "true",
    "zq_7_qz",
    "a b",
    "<<",
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Lines with printed values everywhere, now and then with a piece that does not belong."""
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=5, unique=True))
    text = "\n".join(lines) + "\n"
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
    while "X" in text:
        text = text.replace("X", draw(st.sampled_from(PRINTED)), 1)
    return text


words = st.one_of(
    st.sampled_from(WORDS),
    st.from_regex(r"[A-Za-z0-9][\w./-]{0,12}", fullmatch=True),
    st.from_regex(r"q[\w./-]{0,12}\Z", fullmatch=True),
)


def section(text: str, values: tuple[str, str]) -> SectionText | None:
    fields = [(name, name, value) for name, value in zip(VARIABLES, values, strict=True)]
    fields.append(("ModelServiceNamespace", "namespace", "team"))
    variables = Struct("controller.TemplateVars", fields)
    interpolation = Interpolation(variables, {}, Diagnostics())
    document, field = (
        Document.of({"data": {"key": text}}, "baseconfig"),
        FieldPath.of("data", "key"),
    )
    rendered = interpolation.section(document, "key", text, "go")
    return rendered and SectionText(document, field, text, rendered, "go", interpolation)


def filled(text: SectionText) -> tuple[Any] | None:
    """What is read without the words; None where that cannot be told."""
    skeleton = Skeleton.of(text)
    value = COMPLEX if skeleton is None else simple_value(skeleton.text)
    shape = None if value is COMPLEX else Shape.of("", value)
    return None if shape is None or skeleton is None else (shape.filled(skeleton.words),)


@settings(max_examples=300, deadline=None)
@given(texts(), st.tuples(words, words))
@example(f"a: {PRINTED[0]}-x\nb: [{PRINTED[1]}]", ("qwen", "f"))
@example(f'a: "\\{PRINTED[0]}"', ("nope-quite", "f"))
def test_words_fill_the_blanks(text: str, values: tuple[str, str]) -> None:
    printed = section(text, values)
    if printed is None or (found := filled(printed)) is None:
        return
    problems = Diagnostics()
    read = parse(Source("", printed.rendered.text), diagnostics=problems)
    assert [document.value for document in read] == [*found]
    assert not len(problems)


def test_common_sections_have_blanks() -> None:
    """The law above speaks of something: one shape serves every model."""
    text = f"metadata: {{name: {PRINTED[1]}}}\nspec:\n  model: x-{PRINTED[0]}-{PRINTED[1]}\n"
    shapes = set()
    for values in (("qwen", "large-1"), ("meta/llama", "kept")):
        printed = section(text, values)
        assert printed is not None
        skeleton = Skeleton.of(printed)
        assert skeleton is not None
        shapes.add(skeleton.text)
        assert filled(printed) == (
            {"metadata": {"name": values[1]}, "spec": {"model": f"x-{values[0]}-{values[1]}"}},
        )
    assert len(shapes) == 1


def test_a_changed_plan_changes_no_other() -> None:
    """What is shared is not what plans hold."""

    def plan(name: str) -> Any:
        service = {
            "apiVersion": "llm-d.ai/v1alpha1",
            "kind": "ModelService",
            "metadata": {"name": name, "namespace": "team"},
            "spec": {"modelArtifacts": {"uri": "hf://a/b"}, "routing": {"modelName": name}},
        }
        sections = {"configMaps": "- metadata: {name: kept}\n  data: {a: '{{ .ModelName }}'}\n"}
        config = {"apiVersion": "v1", "kind": "ConfigMap", "data": sections}
        found = plan_model_service(service, config)
        return next(o.manifest for o in found if o.key.startswith("configMaps"))

    first = plan("qwen")
    first["data"]["b"] = "more"
    assert plan("llama")["data"] == {"a": "llama"}
