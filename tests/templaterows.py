"""Renders templates given as rows; how the corpora and the differential test are read.

A row has ``template``, ``data``, ``data_kind`` (struct or map) and optionally ``missingkey``; the
answer is ``{"out": text}`` or ``{"err": message}``. Struct data become the original's TemplateVars,
and getPort knows the ports that the corpus was made with (``ports`` of the row replaces them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msvc_pulumi.gotemplate import WIDE, Function, Profile, Struct, TemplateError, render
from msvc_pulumi.gotemplate.reflect.provenance import wholly

__all__ = ["render_row"]

_PORTS = {"app_port": 8000, "internal_port": 8200, "inport": 80, "outport": 9376}
_NO_PORT = -1


def _struct(data: Mapping[str, Any]) -> Struct:
    """TemplateVars with the JSON names of the original's tags."""
    fields = [(name, _json_name(name), value) for name, value in data.items()]
    return Struct("controller.TemplateVars", fields)


def _json_name(name: str) -> str:
    """``HFModelName`` as hfModelName: the leading capitals but the last before a small letter."""
    capitals = len(name) - len(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    leading = capitals if capitals in (1, len(name)) else capitals - 1
    return name[:leading].lower() + name[leading:]


def render_row(
    row: Mapping[str, Any], *, marked: bool = False, profile: Profile = WIDE
) -> dict[str, str]:
    """``out`` or ``err`` of one object; with ``marked``, all texts of the data are."""
    ports: Mapping[str, int] = row.get("ports", _PORTS)
    get_port = Function(
        "getPort", lambda name: ports.get(name, _NO_PORT), ("string",), result="int32"
    )
    data = row.get("data")
    if row.get("data_kind") == "struct" and isinstance(data, Mapping):
        data = _struct(data)
    if marked:
        data = wholly(data, "data")
    try:
        rendered = render(
            row["template"],
            data,
            functions={"getPort": get_port},
            profile=profile,
            missing_key=row.get("missingkey", "default"),
        )
    except TemplateError as problem:
        return {"err": str(problem)}
    return {"out": rendered.text}
