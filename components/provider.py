"""`Provider`: the components for every Pulumi language, with diagnostics in the caller's spelling.

The SDK would show an exception with the lines of source code that raised it, and hand over no
argument that it does not know.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.util import camel_case
from pulumi.provider.server import ComponentInitError

from msvc_pulumi.errors import Diagnostic, FieldPath, ModelServiceError
from msvc_pulumi.nearest import nearest
from msvc_pulumi.report import render

__all__ = ["Provider"]

PACKAGE = "llmd"


class Provider(ComponentProvider):
    """Constructs components as the SDK's provider does, but for how it says what is wrong."""

    def __init__(self, components: list[type[pulumi.ComponentResource]], version: str) -> None:
        super().__init__(components, PACKAGE, version=version)
        self.schema = json.dumps(_rewrapped(json.loads(self.schema or "{}")))

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Raises InputPropertiesError with all that is wrong with ``inputs``."""
        definition = self._component_defs.get(resource_type.rpartition(":")[2])
        spelled = {} if definition is None else definition.inputs_mapping
        stated = [key for key, value in inputs.items() if value is not None]
        unknown = [_unknown(key, spelled) for key in stated if key not in spelled]
        if unknown and definition is not None:
            raise _refused(unknown)
        try:
            return super().construct(name, resource_type, dict(inputs), options)
        except ComponentInitError as error:
            cause = error.inner.__cause__
            if not isinstance(cause, ModelServiceError):
                raise
            names = {python: schema for schema, python in spelled.items()}
            raise _refused(_spelled(cause.diagnostics, names)) from None


def _rewrapped(schema: Any) -> Any:
    """``schema`` with descriptions that do not show how their docstrings are indented, which some
    Pythons keep.
    """
    if isinstance(schema, list):
        return [_rewrapped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _rewrapped(item) for key, item in schema.items()}
    if isinstance(text := schema.get("description"), str):
        paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
        found["description"] = "\n\n".join(paragraphs)
    return found


def _unknown(key: str, known: Mapping[str, str]) -> Diagnostic:
    near = nearest(key, known)
    return Diagnostic(
        "invalid-argument",
        "there is no such argument",
        field=FieldPath.of(key),
        help=f"did you mean {near}?" if near else "",
    )


def _spelled(diagnostics: tuple[Diagnostic, ...], names: Mapping[str, str]) -> Iterator[Diagnostic]:
    """The diagnostics with the arguments called by ``names``, and their fields within these.

    Lines of an argument's JSON text say nothing where there is no such text.
    """
    for item in diagnostics:
        field, span = item.field, item.span
        document = span.file.partition(":")[0] if span else ""
        if document in names:
            field, span = FieldPath.of(document, *field), None
        if field and field[0] in names:
            field = FieldPath.of(names[str(field[0])], *field[1:])
        elif field[:1] == ("opts",):
            field = FieldPath.of("opts", camel_case(str(field[1])), *field[2:])
        yield replace(item, field=field, span=span, related=())


def _refused(diagnostics: Any) -> InputPropertiesError:
    details: list[InputPropertyErrorDetails] = []
    for item in diagnostics:
        if not item.is_error:
            continue
        text = render([replace(item, field=FieldPath())]).rpartition("\n\n")[0]
        details.append({"property_path": str(item.field), "reason": text})
    return InputPropertiesError("the arguments are not right", details)
