"""The reference of ModelService and BaseConfig, made of the models that read them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from msvc_pulumi.api.apifield import ONE_LINE, ApiField, api_fields, nested_model
from msvc_pulumi.api.modelservice import ModelServiceSpec
from msvc_pulumi.api.status import ModelServiceStatus
from msvc_pulumi.interpolation.sectiontypes import OTHER_TYPES, SECTIONS

__all__ = ["base_config", "model_service"]

WORDS = {
    "string": "text",
    "bool": "true or false",
    "int32": "whole number",
    "int64": "whole number",
    "quantity": "quantity",
    "time": "time",
}
MADE = {
    "configMaps": "ConfigMaps, a list",
    "prefillDeployment": "the prefill pods",
    "decodeDeployment": "the decode pods",
    "prefillService": "the Service of the prefill pods",
    "decodeService": "the Service of the decode pods",
    "httpRoute": "the route from the gateways to the pool",
    "inferencePool": "the pool of model servers",
    "inferenceModel": "the model's name and criticality, in v1alpha2",
    "eppDeployment": "the endpoint picker",
    "eppService": "the Service of the endpoint picker",
    "prefillLeaderWorkerSet": "prefill replicas of several pods",
    "decodeLeaderWorkerSet": "decode replicas of several pods",
    "prefillAutoscaler": "what scales prefill",
    "decodeAutoscaler": "what scales decode",
    "inferenceObjective": "the priority of requests, with v1",
    "inferenceModelRewrite": "other names and weights of the model, with v1",
}


def model_service() -> str:
    """The page of the custom resource."""
    lines = [
        "# ModelService",
        "",
        "All fields of the custom resource `llm-d.ai/v1alpha1`, made from the models that read "
        "it. `msvc crd` prints the CustomResourceDefinition. A field that holds a type of "
        "Kubernetes is written as there.",
        "",
        "## spec",
        "",
        *_model(ModelServiceSpec, "spec", {}),
        "## status",
        "",
        "Written by the operator.",
        "",
        *_model(ModelServiceStatus, "status", {}),
    ]
    return "\n".join(lines)


def _model(model: type[BaseModel], path: str, shown: dict[type[BaseModel], str]) -> Iterator[str]:
    """The fields of ``model``, then those of the models in it that were not ``shown`` elsewhere."""
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field, info in api_fields(model):
        inner, is_list = nested_model(field, info)
        place = f"{path}.{name}"
        inside = f"{place}[]" if is_list else place
        title = f"`{name}`"
        if inner is not None and api_fields(inner):
            if inner not in shown:
                shown[inner] = inside
                nested.append((inside, inner))
            title = f"[`{name}`](#{_anchor(shown[inner])})"
        words = ", ".join(_facts(field, is_list=is_list, is_object=inner is not None))
        # A definition list in all but name: a table of four columns is too wide for a telephone.
        yield f"* {title} <small>{words}</small>"
        if info.description:
            yield f"  <br>{info.description}"
    yield ""
    for place, inner in nested:
        yield f"### {place} {{ #{_anchor(place)} }}"
        yield ""
        yield from _model(inner, place, shown)


def _anchor(path: str) -> str:
    return path.replace("[]", "").replace(".", "-").lower()


def _facts(field: ApiField, *, is_list: bool, is_object: bool) -> Iterator[str]:
    yield _type(field.type, is_list=is_list, is_object=is_object)
    if field.required:
        yield "**required**"
    if field.default is not None:
        yield f"the API server fills in {field.default}"
    if field.values:
        yield "one of " + ", ".join(f"`{value}`" for value in field.values)
    if field.minimum is not None:
        yield f"at least {field.minimum}"
    if field.maximum is not None:
        yield f"at most {field.maximum}"
    if field.max_length is not None:
        yield f"at most {field.max_length} characters"
    if field.max_items is not None:
        yield f"at most {field.max_items}"
    if field.pattern == ONE_LINE:
        yield "one line"
    if field.omit:
        yield "without " + ", ".join(f"`{name}`" for name in field.omit)
    if field.immutable:
        yield "cannot be changed"


def _type(expression: str, *, is_list: bool, is_object: bool) -> str:
    if is_object:
        return "list" if is_list else "mapping"
    name = expression.lstrip("*")
    prefix = ""
    if name.startswith("[]"):
        prefix, name = "list of ", name[2:]
    if name.startswith("map["):
        return "mapping"
    return prefix + WORDS.get(name, f"`{name.rpartition('.')[2]}` of {name.rpartition('.')[0]}")


def base_config() -> str:
    """The page of the ConfigMap."""
    lines = [
        "# BaseConfig",
        "",
        "A BaseConfig is a ConfigMap. Each data key below is a *section*: a template that renders "
        "to one object (`configMaps`: a list of them). A section that is absent, blank or `null` "
        "does not exist; `{}` does. Names, namespace, labels and selectors are filled in. Other "
        "keys are warned of (`unknown-section`).",
        "",
        "## Sections",
        "",
        "| data key | makes | type |",
        "|---|---|---|",
    ]
    for key, type_name in SECTIONS.items():
        types = (type_name, *OTHER_TYPES.get(key, ()))
        unique = dict.fromkeys(name.removeprefix("[]") for name in types)
        shown = "<br>".join(_kind(name) for name in unique)
        lines.append(f"| `{key}` | {MADE[key]} | {shown} |")
    lines += [
        "",
        "Where a section may hold several types, its `apiVersion` and `kind` say which; the first "
        "is what it is without them.",
        "",
        "## Annotations",
        "",
        "| annotation | of | means |",
        "|---|---|---|",
        "| `llm-d.ai/template-dialect` | BaseConfig, ModelService | `go` (default) or `jinja2`: "
        "the language of this document's [templates](../templates.md) |",
        "| `llm-d.ai/roles` | BaseConfig | `stated`: prefill and decode exist only where the "
        "ModelService has the section; `any` (default): also where only the BaseConfig has |",
        "| `llm-d.ai/allowed-namespaces` | BaseConfig | namespaces whose ModelServices may use it "
        "through the operator, or `*` |",
        "| `llm-d.ai/adopt` | any object | the ModelService (`NAME` or `NAMESPACE/NAME`) that it "
        "is given to |",
        "| `llm-d.ai/abandon` | ModelService | `true`: a deletion that is stuck leaves the objects "
        "to Kubernetes |",
        "",
    ]
    return "\n".join(lines)


def _kind(name: str) -> str:
    group, _, kind = name.rpartition(".")
    return f"{kind} <small>{group.replace('core/', '')}</small>"
