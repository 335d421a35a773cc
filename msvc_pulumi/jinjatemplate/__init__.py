"""The Jinja2 dialect, sandboxed and bounded."""

from __future__ import annotations

from msvc_pulumi.jinjatemplate.dialect import render

__all__ = ["render"]
