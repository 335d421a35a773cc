"""What Go knows about the Kubernetes types, as data, and the two conversions that need it.

``decode`` reads a YAML value as encoding/json reads it into a Go type, but keeps only what was
stated; ``encode_zero`` (in `encode`) prints it as Go would. A type is named by apiVersion and Go's
name for it: ``apps/v1.Deployment``, ``core/v1.EnvVar``; ``[]T`` is a list of T, ``{}T`` a map to T.
"""

from __future__ import annotations

from msvc_pulumi.schema.decode import decode
from msvc_pulumi.schema.quantity import QuantityError, canonical
from msvc_pulumi.schema.table import (
    Field,
    Kind,
    Struct,
    Type,
    extend,
    lookup,
    parse_type,
    type_at,
    type_name,
)

__all__ = [
    "Field",
    "Kind",
    "QuantityError",
    "Struct",
    "Type",
    "canonical",
    "decode",
    "extend",
    "lookup",
    "parse_type",
    "type_at",
    "type_name",
]
