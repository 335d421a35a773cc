"""``parallelism`` and ``multiNode`` of a role, where a ModelService states them."""

from __future__ import annotations

from collections.abc import Sequence

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.naming import Role

__all__ = ["apply"]


def apply(
    role: Role,
    context: BuildContext,
    child: Child,
    templates: Sequence[FieldPath],
    nodes: int = 1,
) -> None:
    """Give the model servers of ``child`` the role's flags and accelerators, if it asks for any.

    ``templates`` are its pod templates, ``nodes`` the pods that one replica spans.
    """
    section = context.role(role)
    if section is None or (section.parallelism is None and section.multi_node is None):
        return
    from msvc_pulumi.children import modelsplit  # noqa: PLC0415  few ModelServices need it

    modelsplit.apply(role, context, child, templates, nodes)
