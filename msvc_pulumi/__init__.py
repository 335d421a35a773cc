"""llm-d ModelServices, from custom resource and BaseConfig to Kubernetes objects.

``__version__`` is what pyproject.toml says, as it was installed.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  slow to import

        try:
            return version("msvc-pulumi")
        except PackageNotFoundError:  # a checkout on sys.path that was never installed
            return "not installed"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
