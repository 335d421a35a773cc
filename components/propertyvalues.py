"""`normalised`: a program's values as they were written, in whichever language.

What comes from another language has been properties of Pulumi's protocol, whose numbers are all
floating point. Into that protocol go the objects that are declared, too.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import pulumi

from msvc_pulumi.components.opaque import OpaqueValues
from msvc_pulumi.components.opaqueplaces import refusal
from msvc_pulumi.document.events import MAX_NESTING
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath
from msvc_pulumi.rules.exactness import MOST

__all__ = ["normalised"]

# What text has in it that an Output was put into, from Python and from TypeScript.
FORMATTED = re.compile(r"Calling (__str__|\[to(String|JSON)\]) on an \[?Output")


def normalised(
    value: Any, at: FieldPath, diagnostics: Diagnostics, opaque: OpaqueValues | None = None
) -> Any:
    """``value`` in plain containers, with whole numbers as integers.

    Outputs go to ``opaque`` and leave their marks. An error is added for each that must not be
    where it is, without ``opaque`` for every one, for text that one was put into, and for a number
    that may be another by now.
    """
    if isinstance(value, pulumi.Output | pulumi.output.Unknown):
        found = refusal(at) if opaque is None else opaque.mark(value, at)
        if isinstance(found, str):
            return found
        diagnostics.add(found)
        return None
    if len(at) > MAX_NESTING:
        return value  # the one who reads it says so
    if isinstance(value, Mapping):
        return {
            key: normalised(item, at.child(str(key)), diagnostics, opaque)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            normalised(item, at.child(index), diagnostics, opaque)
            for index, item in enumerate(value)
        ]
    if isinstance(value, str) and FORMATTED.search(value):
        diagnostics.add(
            Diagnostic(
                "output-in-arguments",
                "a Pulumi Output was put into text, which has Pulumi's words about it now",
                field=at,
                help='make an Output of all of it: pulumi.Output.format("Bearer {0}", output), '
                "or pulumi.interpolate in TypeScript",
            )
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return value
    if abs(value) > MOST:
        diagnostics.add(
            Diagnostic(
                "out-of-range",
                "Invalid value: a whole number beyond 2**53 - 1, which Pulumi may have changed",
                field=at,
                help="write it as text, or in other units",
            )
        )
    return int(value)
