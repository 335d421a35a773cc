"""Interpolation: the variables of a ModelService rendered into texts.

The texts are the original's (``interpolate.go``): container ``args`` of the ModelService and every
data value of the BaseConfig. The endpoint picker's args are rendered too; the original left ``{{``
in them (quirk Q13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from itertools import islice
from typing import Any

from msvc_pulumi.api.v1alpha1 import ModelService
from msvc_pulumi.artifacts import ModelArtifact
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import (
    Diagnostic,
    Diagnostics,
    FieldPath,
    InterpolationError,
    Severity,
    Span,
)
from msvc_pulumi.gotemplate import (
    NARROW,
    WIDE,
    Budget,
    Function,
    Profile,
    Rendered,
    Struct,
    TemplateError,
    marked_fields,
)
from msvc_pulumi.interpolation.emptynamespace import VARIABLE as NAMESPACE
from msvc_pulumi.interpolation.emptynamespace import printed_at
from msvc_pulumi.interpolation.templatevariables import origin_of, template_variables
from msvc_pulumi.naming import ChildNames
from msvc_pulumi.nearest import nearest
from msvc_pulumi.pattern import pattern

__all__ = ["DIALECT_ANNOTATION", "Interpolation"]

DIALECT_ANNOTATION = "llm-d.ai/template-dialect"
ROLES_ANNOTATION = "llm-d.ai/roles"
# The module that renders each dialect; imported when a document asks for it.
DIALECTS = {"go": "msvc_pulumi.gotemplate", "jinja2": "msvc_pulumi.jinjatemplate"}
# How to write what the dialect would take for its own, as in a chat template for vLLM.
LITERAL = {
    "go": 'a chat template is a template too: write {{ "{{" }} where it has {{, or mount it from a '
    "ConfigMap that is not part of the BaseConfig",
    "jinja2": "a chat template is a template too: put it between {% raw %} and {% endraw %}, or "
    "mount it from a ConfigMap that is not part of the BaseConfig",
}
# What chat templates speak of, and templates of children do not.
CHAT = pattern(r"\{%-?\s*(?:for|if|set)\b|\{\{-?\s*(?:message|messages|bos_token|eos_token)\b")
UNKNOWN_PORT = -1  # what the original renders
MOST_PORTS = 20  # that a help text names

Locate = Callable[[int, int], Span]
"""Where characters (offset, length) of a template stand in its file."""


@dataclass(frozen=True)  # not slotted: the marked variables are cached in the instance
class Interpolation:
    """One ModelService's variables and ports, applied to any number of templates.

    Problems go to ``diagnostics``; what cannot be rendered comes back as None. ``document`` is the
    ModelService's, for the places of its values. ``budget`` is what all of them may cost together.
    """

    variables: Struct
    ports: dict[str, int]
    diagnostics: Diagnostics
    document: Document | None = None
    budget: Budget = field(default_factory=lambda: Budget("all templates of one ModelService"))

    @classmethod
    def of(
        cls,
        service: ModelService,
        names: ChildNames,
        artifact: ModelArtifact,
        diagnostics: Diagnostics,
        document: Document | None = None,
    ) -> Interpolation:
        ports: dict[str, int] = {}
        for port in service.spec.routing.ports:
            ports.setdefault(port.name, port.port)  # of two ports of one name the first counts
        variables = template_variables(service, names, artifact)
        return cls(variables, ports, diagnostics, document)

    def origin(self, variable: str) -> tuple[FieldPath, Span | None]:
        """The field of the ModelService that ``variable`` is made of, and where it is stated."""
        field = origin_of(variable)
        return field, self.document.span(field) if self.document else None

    def dialect(self, document: Document) -> str:
        """The dialect ``document`` asks for by annotation; ``go`` unless it says otherwise."""
        path = FieldPath.of("metadata", "annotations", DIALECT_ANNOTATION)
        dialect = _text(document, path) or "go"
        if dialect in DIALECTS:
            return dialect
        self.diagnostics.error(
            "unsupported-value",
            f'Unsupported value: "{dialect}": supported values: "go", "jinja2"',
            field=path,
            span=document.span(path),
        )
        return "go"

    def has_stated_roles_only(self, document: Document) -> bool:
        """Whether the BaseConfig leaves out roles that the ModelService does not state."""
        path = FieldPath.of("metadata", "annotations", ROLES_ANNOTATION)
        roles = _text(document, path) or "any"
        if roles not in ("any", "stated"):
            self.diagnostics.error(
                "unsupported-value",
                f'Unsupported value: "{roles}": supported values: "any", "stated"',
                field=path,
                span=document.span(path),
            )
        return roles == "stated"

    def containers(
        self, service: ModelService, document: Document
    ) -> dict[FieldPath, list[dict[str, Any]]]:
        """Every container list of the ModelService with its args rendered, by path."""
        dialect = self.dialect(document)
        result: dict[FieldPath, list[dict[str, Any]]] = {}
        for at, containers in service.container_lists():
            rendered = []
            for number, container in enumerate(containers):
                path = at.child(number, "args")
                stated = dict(container.stated)
                if stated.get("args"):
                    stated["args"] = self._args(stated["args"], path, document, dialect)
                rendered.append(stated)
            result[at] = rendered
        return result

    def _args(
        self, args: list[str], path: FieldPath, document: Document, dialect: str
    ) -> list[str]:
        result = []
        for number, text in enumerate(args):
            field = path.child(number)
            locate = _locator(document, field, text)
            rendered = self.render(text, dialect, NARROW, field=field, locate=locate)
            result.append(text if rendered is None else rendered.text)
        return result

    def render(
        self,
        text: str,
        dialect: str,
        profile: Profile,
        *,
        field: FieldPath,
        locate: Locate,
        variables: Struct | None = None,
    ) -> Rendered | None:
        """``text`` rendered, or None with a diagnostic at the failing term.

        Raises:
            InterpolationError: the template exceeds a bound; each further one might cost as much.
        """
        if is_literal(text, dialect):
            return Rendered(text, ((0, 0),), (True,))

        def get_port(name: str) -> int:
            if name not in self.ports:
                self._unknown_port(name, text, field, locate)
            return self.ports.get(name, UNKNOWN_PORT)

        try:
            rendered: Rendered = _renderer(dialect)(
                text,
                variables or self.variables,
                functions={"getPort": Function("getPort", get_port, ("string",), result="int32")},
                profile=profile,
                budget=self.budget,
            )
        except TemplateError as error:
            self.diagnostics.add(
                Diagnostic(
                    error.code,
                    error.message,
                    field=field,
                    span=locate(error.offset, error.length),
                    go=error.go,
                    help=LITERAL[dialect] if _is_chat_template(text) else error.help,
                )
            )
            if error.code == "template-limit":
                raise InterpolationError(self.diagnostics) from None
            return None
        if not self.variables.values[NAMESPACE]:
            self._check_namespace(
                text, rendered.text, dialect, profile=profile, field=field, locate=locate
            )
        return rendered

    def _check_namespace(
        self,
        text: str,
        rendered: str,
        dialect: str,
        *,
        profile: Profile,
        field: FieldPath,
        locate: Locate,
    ) -> None:
        """Warn where the template prints the namespace and there is none."""

        def render(text: str, namespace: str) -> str | None:
            if self.budget.is_half_used:
                return None  # what is left is for the templates themselves
            variables = self.variables.replaced({NAMESPACE: namespace})
            quiet = Interpolation(variables, self.ports, Diagnostics(), budget=self.budget)
            try:
                other = quiet.render(text, dialect, profile, field=field, locate=locate)
            except InterpolationError:
                return None
            return None if other is None else other.text

        offset = printed_at(text, rendered, render)
        if offset is not None:
            self.diagnostics.warning(
                "empty-namespace",
                f"{NAMESPACE} is empty here: the ModelService names no namespace",
                field=field,
                span=locate(offset, len(NAMESPACE)),
                help="give --namespace, or state metadata.namespace in the ModelService",
            )

    def section(self, document: Document, key: str, text: str, dialect: str) -> Rendered | None:
        """The BaseConfig's data value ``key`` rendered; it knows which stretches are variables'."""
        field = FieldPath.of("data", key)
        locate = _locator(document, field, text)
        return self.render(text, dialect, WIDE, field=field, locate=locate, variables=self._marked)

    @cached_property
    def _marked(self) -> Struct:
        return marked_fields(self.variables)

    def _unknown_port(self, name: str, text: str, field: FieldPath, locate: Locate) -> None:
        if not self.diagnostics.has_room(Severity.WARNING):
            self.diagnostics.pass_over(Severity.WARNING)
            return
        close = nearest(name, self.ports)
        known = ", ".join(f'"{port}"' for port in islice(self.ports, MOST_PORTS)) or "none"
        quoted = next((q for q in (f'"{name}"', f"'{name}'", f"`{name}`") if q in text), "")
        self.diagnostics.add(
            Diagnostic(
                "unknown-port",
                f'getPort "{name}" is not in spec.routing.ports; it renders {UNKNOWN_PORT}',
                Severity.WARNING,
                field=field,
                span=locate(text.find(quoted) if quoted else 0, max(len(quoted), 1)),
                help=f'did you mean "{close}"?' if close else f"known ports: {known}",
            )
        )


@cache
def _renderer(dialect: str) -> Callable[..., Rendered]:
    render: Callable[..., Rendered] = import_module(DIALECTS[dialect]).render
    return render


def is_literal(text: str, dialect: str) -> bool:
    """Whether ``text`` is its own result for sure; Jinja changes the ends of lines."""
    return "{{" not in text if dialect == "go" else "{" not in text and "\r" not in text


def _is_chat_template(text: str) -> bool:
    return CHAT.search(text) is not None and ("message" in text or "_token" in text)


def _text(document: Document, path: FieldPath) -> str:
    """The text at ``path``; "" wherever the document has not the shape to hold one."""
    value = document.get(path)
    return value if isinstance(value, str) else ""


def _locator(document: Document, field: FieldPath, text: str) -> Locate:
    def locate(offset: int, length: int) -> Span:
        line = text.count("\n", 0, offset)
        column = offset - (text.rfind("\n", 0, offset) + 1)
        return document.inner_span(field, line, column, length)

    return locate
