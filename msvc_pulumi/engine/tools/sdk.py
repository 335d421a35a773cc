"""`kubernetes_version`: which release of the Kubernetes SDK is installed beside us.

The library takes a range of releases. What the engine is told is that of the installed one, as the
SDK's own classes tell it, so that it asks for a plugin that knows them.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import ClassVar

from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["SdkError", "kubernetes_version"]


class SdkError(ModelServiceError):
    """Pulumi's packages for Python are not installed."""

    exit_code: ClassVar[int] = 3


@cache
def kubernetes_version() -> str:
    """The version of the installed Kubernetes SDK, and so of the plugin that it is made for.

    It stands in a file that every SDK has for the engine; nothing of the SDK is imported.

    Raises:
        SdkError: it, or Pulumi's own SDK, is not installed.
    """
    _folder("pulumi")
    file = _folder("pulumi_kubernetes") / "pulumi-plugin.json"
    return str(json.loads(file.read_text(encoding="utf-8"))["version"])


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SdkError(
            [
                Diagnostic(
                    "sdk-missing",
                    f"the Python package {package.replace('_', '-')} is not installed",
                    help="pip install 'msvc-pulumi[pulumi,cluster]'",
                )
            ]
        )
    return Path(spec.origin).parent
