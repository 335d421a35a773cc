"""The containers of a role that run the model, and what their command lines say of its split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.api.podsection import Parallelism
from msvc_pulumi.artifacts import MODEL_VOLUME_NAME
from msvc_pulumi.children.child import Child
from msvc_pulumi.commandline.invocation import Invocation, invocation, script_of
from msvc_pulumi.commandline.parallelsizes import Sizes, StatedSizes, flag_name
from msvc_pulumi.commandline.reader import REST, Statement, read
from msvc_pulumi.commandline.references import expanded
from msvc_pulumi.errors import FieldPath

__all__ = ["ModelServer", "effective_sizes", "model_servers"]


def model_servers(child: Child, templates: Sequence[FieldPath]) -> list[ModelServer]:
    """The containers of these pod templates that mount the model, else the only one."""
    return [
        ModelServer.of(child.get(place), place)
        for template in templates
        for number in _servers(child, template)
        for place in [template.child("spec", "containers", number)]
    ]


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A model server's container: what its command line states, None where nobody can tell.

    ``is_fixed`` says why no flags can be added to it, empty where they can.
    """

    place: FieldPath
    program: Invocation
    stated: StatedSizes | None
    is_fixed: str = ""

    @classmethod
    def of(cls, container: Mapping[str, Any], place: FieldPath) -> ModelServer:
        args: list[str] = container.get("args") or []
        program = invocation(container)
        fixed = ""
        script = script_of([*(container.get("command") or ()), *args])
        if script is not None:
            fixed = "the command is a shell script"
            inner = script.invocation()
            if inner is None:
                return cls(place, program, None, fixed)
            program, args = inner, []
        if not program.dialect.table:
            return cls(place, program, None)
        statements = program.statements(args)
        stated = StatedSizes.of(_expanded(statements, container), program.dialect)
        config = stated.statements.get("config")
        if config is not None and config.stop - config.start == 2:  # --config=FILE is never read
            fixed = fixed or "the file of --config may state them"
        if program.is_opaque:
            fixed = "the command is a shell script with variables"
        if REST in [s.option for s in read(program.lead, program.dialect)]:
            fixed = fixed or "the command has a -- that ends its options"
        return cls(place, program, stated, fixed)


def _expanded(statements: Sequence[Statement], container: Mapping[str, Any]) -> Iterator[Statement]:
    """``statements`` as the program sees them."""
    for statement in statements:
        yield statement._replace(values=tuple(expanded(v, container) for v in statement.values))


def _servers(child: Child, template: FieldPath) -> list[int]:
    """Indices of the containers that mount the model, else of the only container."""
    containers = child.get(template.child("spec", "containers")) or []
    mounting = [
        number
        for number, container in enumerate(containers)
        if any(m.get("name") == MODEL_VOLUME_NAME for m in container.get("volumeMounts", ()))
    ]
    return mounting or ([0] if len(containers) == 1 else [])


def effective_sizes(asked: Parallelism, stated: StatedSizes | None) -> Sizes | str:
    """Effective sizes: what the command line states, else what is asked; or what is unreadable."""
    values: dict[str, int] = {}
    for name in ("tensor", "pipeline", "data"):
        value = stated.number(name) if stated is not None else None
        if value is None and stated is not None and name in stated and getattr(asked, name) is None:
            return f"{flag_name(name, stated.dialect)} is {stated.text(name)}"
        values[name] = value or getattr(asked, name) or 1
    return Sizes(**values)
