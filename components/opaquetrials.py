"""`decisions`: what Outputs decide of a plan after all, though they stand where none should.

The plan is made again with other texts in their places. Where it is not the same plan with these
texts in it, the value is more than handed on.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msvc_pulumi.components.opaque import STAMP, OpaqueValues
from msvc_pulumi.components.opaqueplaces import refusal
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.out.declaration import logical_suffix
from msvc_pulumi.plan import Plan

__all__ = ["decisions"]

# Of another length and order than a mark: what is counted, sorted, shortened or digested differs.
OTHER = f"zz-{STAMP}-{{}}-{'y' * 40}"
# What images, commands and values of flags are known by, of each kind that is planned differently.
TELLING: dict[str, tuple[str, ...]] = {
    "image": (
        "vllm/vllm-openai:v0.11.0",
        "lmsysorg/sglang:v0.5.4",
        "registry.k8s.io/gateway-api-inference-extension/epp:v1.0.0",
        "ghcr.io/llm-d/llm-d-inference-scheduler:v0.3.0",
        "ghcr.io/llm-d/llm-d-routing-sidecar:v0.3.0",
    ),
    "command": ("vllm", "sglang", "sh", "serve", "8"),
    "args": ("8", "serve"),
    "env": ("8",),
}
# The template variables that such a value gets into, by the path of the value.
VARIABLES: dict[tuple[str | int, ...], str] = {
    ("namespace",): "ModelServiceNamespace",
    ("model_service", "metadata", "namespace"): "ModelServiceNamespace",
    ("model_service", "spec", "modelArtifacts", "authSecretName"): "AuthSecretName",
}
ACTION = re.compile(r"\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}", re.DOTALL)
PRINTED = re.compile(r"\s*\.?(\w+)\s*(?:\|\s*(?:quote|squote|toJson|toYaml|tojson)\s*)?")

Replan = Callable[[Mapping[int, str]], Plan | None]
"""The plan with these texts for the marks of these numbers; None where there is none."""


def decisions(
    opaque: OpaqueValues, plan: Plan, documents: Any, replan: Replan
) -> Iterator[Diagnostic]:
    """An error for each Output that decides something of ``plan``.

    ``documents`` hold its templates.
    """
    decided = dict(_in_templates(opaque, documents))
    for texts in _trials(opaque):
        if _differs(opaque, plan, texts, replan):
            one = [n for n in texts if _differs(opaque, plan, {n: texts[n]}, replan)]
            for number in one or texts:
                decided.setdefault(number, "other values make other objects")
    for number in sorted(decided):
        yield refusal(opaque.places[number], decided[number])


def _in_templates(opaque: OpaqueValues, documents: Any) -> Iterator[tuple[int, str]]:
    """Outputs that a template looks at: a comparison may come out alike for every text tried."""
    for number, place in enumerate(opaque.places):
        variable = VARIABLES.get(tuple(place))
        if variable is None:
            continue
        actions = (_deciding(text, variable) for text in _texts(documents))
        if action := next(filter(None, actions), ""):
            yield number, f"a template does more than print it: {action}"


def _trials(opaque: OpaqueValues) -> Iterator[dict[int, str]]:
    telling = [
        (OTHER.format(number), *next((TELLING[step] for step in place if step in TELLING), ()))
        for number, place in enumerate(opaque.places)
    ]
    for turn in range(max(map(len, telling))):
        yield {n: texts[turn] for n, texts in enumerate(telling) if turn < len(texts)}


def _differs(opaque: OpaqueValues, plan: Plan, texts: Mapping[int, str], replan: Replan) -> bool:
    """Whether the plan with ``texts`` is another one, if only by a name in the program or a
    mapping's key.
    """
    other = replan(texts)
    if other is None or [*map(logical_suffix, plan)] != [*map(logical_suffix, other)]:
        return True
    return bool(opaque.filled(_content(plan), texts) != _content(other))


def _content(plan: Plan) -> list[Any]:
    return [[one.key, one.manifest, one.depends_on, one.ignore_changes] for one in plan]


def _deciding(text: str, variable: str) -> str:
    """The first action of a template that does more with ``variable`` than print it, or ""."""
    for match in ACTION.finditer(text):
        action = match[1] if match[1] is not None else f"% {match[2]}"
        if re.search(rf"\b{variable}\b", action):
            printed = PRINTED.fullmatch(action)
            if printed is None or printed[1] != variable:
                return match[0]
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
