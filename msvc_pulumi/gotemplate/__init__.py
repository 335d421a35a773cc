"""Go's text/template with sprig 3.3.0, bounded and without access to anything outside.

`render` returns what Go prints, or raises `TemplateError` saying where and why.
Only modules of this package import RE2. README.md says what the rooms are.
"""

from __future__ import annotations

from .errors import TemplateError
from .execute.rendering import Rendered, render
from .limits.budget import Budget
from .limits.profile import NARROW, WIDE, Profile
from .marked import Stretch
from .reflect.calls import Function
from .reflect.provenance import marked_fields
from .reflect.values import Struct

__all__ = [
    "NARROW",
    "WIDE",
    "Budget",
    "Function",
    "Profile",
    "Rendered",
    "Stretch",
    "Struct",
    "TemplateError",
    "marked_fields",
    "render",
]
