"""Every field of a ModelService and a BaseConfig as a tree: `MODEL_SERVICE` and `BASE_CONFIG`.

Our own fields come from the models, Kubernetes' from the schema table; both are read as somebody
walks down, and nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from pydantic import BaseModel

from msvc_pulumi.api.apifield import ApiField, api_fields, nested_model
from msvc_pulumi.api.modelservice import ModelServiceSpec
from msvc_pulumi.api.status import ModelServiceStatus
from msvc_pulumi.fields.sectiondescriptions import DESCRIPTIONS
from msvc_pulumi.interpolation.sectiontypes import OTHER_TYPES, SECTIONS
from msvc_pulumi.schema import Kind, Type, lookup, parse_type

__all__ = ["BASE_CONFIG", "MODEL_SERVICE", "Node", "below"]

ITEM = "[]"
_NO_FIELD = ApiField()
_SCALARS = {
    Kind.STRING: "string",
    Kind.BOOL: "boolean",
    Kind.BYTES: "base64 text",
    Kind.ANY: "anything",
    Kind.QUANTITY: "quantity",
    Kind.INT_OR_STRING: "integer or string",
    Kind.TIME: "time",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One field: its place, what may be in it, and what the API says of it.

    ``steps`` lead to it from its document; `ITEM` stands for any item of a list. A field holds a
    model, a type of the schema's table, or several types of which one is stated. ``is_list`` says
    that it holds models in a list.
    """

    steps: tuple[str, ...]
    description: str = ""
    api: ApiField = _NO_FIELD
    model: type[BaseModel] | None = None
    types: tuple[Type, ...] = ()
    is_list: bool = False
    required: bool = False

    def __str__(self) -> str:
        return ".".join(self.steps).replace(f".{ITEM}", ITEM)

    @property
    def name(self) -> str:
        return next(step for step in reversed(self.steps) if step != ITEM)

    @property
    def type_name(self) -> str:
        """What belongs into the field, in words."""
        if self.model is not None:
            return "list of objects" if self.is_list else "object"
        if not self.types:
            return "object"
        return " or ".join(dict.fromkeys(map(_type_name, self.types)))

    @property
    def kubernetes_types(self) -> tuple[str, ...]:
        """The types of Kubernetes that it is, or holds; none where it is ours or no object."""
        return tuple(dict.fromkeys(filter(None, map(_struct, self.types))))

    @property
    def children(self) -> tuple[Node, ...]:
        """The fields of the object it is, or of the objects it holds."""
        return _children(self)

    def child(self, name: str) -> Node | None:
        """The field ``name``, whatever its case; of a mapping any key is one."""
        for node in self.children:
            if node.name.casefold() == name.casefold():
                return node
        inner = self._inner()
        if inner is not None and inner.kind is Kind.MAP and inner.item is not None:
            return Node((*self.steps, name), types=(inner.item,))
        return None

    def _inner(self) -> Type | None:
        inner = self.types[0] if self.types else None
        while inner is not None and inner.kind is Kind.LIST:
            inner = inner.item
        return inner


def below(node: Node, seen: frozenset[str] = frozenset()) -> Iterator[Node]:
    """Every field in ``node``, each before those in it; of a type within itself the first only."""
    own = node.kubernetes_types
    if own and seen.issuperset(own):
        return
    for child in node.children:
        yield child
        yield from below(child, seen.union(own))


@cache
def _children(node: Node) -> tuple[Node, ...]:
    if node.model is not None:
        steps = (*node.steps, ITEM) if node.is_list else node.steps
        return tuple(_of_model(node.model, steps))
    found: dict[str, Node] = {}
    for type_ in node.types:
        for child in _of_type(type_, node.steps, node.api):
            known = found.get(child.name)
            if known is None:
                found[child.name] = child
            elif known.types != child.types:
                found[child.name] = replace(known, types=(*known.types, *child.types))
    return tuple(found.values()) or _OWN.get(node.steps, ())


def _of_model(model: type[BaseModel], steps: tuple[str, ...]) -> Iterator[Node]:
    for name, field, info in api_fields(model):
        nested, is_list = nested_model(field, info)
        types = () if nested is not None else (parse_type(field.type),)
        text = info.description or ""
        yield Node((*steps, name), text, field, nested, types, is_list, field.required)


def _of_type(type_: Type, steps: tuple[str, ...], api: ApiField) -> Iterator[Node]:
    while type_.kind is Kind.LIST and type_.item is not None:
        type_, steps = type_.item, (*steps, ITEM)
    if type_.kind is not Kind.STRUCT:
        return
    for name, field in lookup(type_.struct).fields.items():
        if name in api.omit or (not api.type and name in ("status", "managedFields")):
            continue
        needed = not (field.type.pointer or field.omitempty or field.omitzero)
        yield Node(
            (*steps, name), types=(field.type,), required=needed and name not in api.optional
        )


def _type_name(type_: Type) -> str:
    if type_.kind is Kind.LIST and type_.item is not None:
        inner = _type_name(type_.item)
        return f"list of {inner}s" if inner.isalpha() else f"list of {inner}"
    if type_.kind is Kind.MAP and type_.item is not None:
        return f"mapping of names to {_type_name(type_.item)}s"
    if type_.kind is Kind.INT:
        return "integer"
    return _SCALARS.get(type_.kind) or f"object ({type_.struct.rpartition('/')[2]})"


def _struct(type_: Type) -> str:
    while type_.item is not None:
        type_ = type_.item
    return type_.struct


def _text(*steps: str, description: str = "", required: bool = False) -> Node:
    return Node(steps, description, types=(parse_type("string"),), required=required)


def _section(key: str, type_name: str) -> Node:
    types = tuple(map(parse_type, (type_name, *OTHER_TYPES.get(key, ()))))
    unique = tuple(dict.fromkeys(types))
    return Node(("data", key), DESCRIPTIONS[key], types=unique)


_METADATA = (
    _text("metadata", "name", description="Its objects are named after it.", required=True),
    _text("metadata", "namespace", description="Where it and its objects are."),
    Node(
        ("metadata", "annotations"),
        "Notes; those that begin with llm-d.ai/ say how it is read.",
        types=(parse_type("{}string"),),
    ),
    Node(("metadata", "labels"), "Labels of the object itself.", types=(parse_type("{}string"),)),
)
_SERVICE = (
    _text("apiVersion", description="llm-d.ai/v1alpha1", required=True),
    _text("kind", description="ModelService", required=True),
    Node(("metadata",), "Name, namespace, labels and annotations.", required=True),
    Node(("spec",), ModelServiceSpec.__doc__ or "", model=ModelServiceSpec, required=True),
    Node(("status",), ModelServiceStatus.__doc__ or "", model=ModelServiceStatus),
)
_CONFIG = (
    _text("apiVersion", description="v1", required=True),
    _text("kind", description="ConfigMap", required=True),
    Node(("metadata",), "Name, namespace, labels and annotations.", required=True),
    Node(("data",), "The sections: each a template of one kind of object.", required=True),
)
_OWN: dict[tuple[str, ...], tuple[Node, ...]] = {
    ("metadata",): _METADATA,
    ("data",): tuple(_section(key, name) for key, name in SECTIONS.items()),
    ("ModelService",): _SERVICE,
    ("BaseConfig",): _CONFIG,
}

MODEL_SERVICE = Node(("ModelService",), "Says which model is served, from where, and how many.")
BASE_CONFIG = Node(("BaseConfig",), "A ConfigMap with what a platform offers to ModelServices.")
