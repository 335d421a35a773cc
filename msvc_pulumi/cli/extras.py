"""Packages that an installation may lack: `missing` says which extra has one."""

from __future__ import annotations

from typing import ClassVar

from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["ExtraError", "missing"]

# Top-level module → the extra of pyproject.toml that brings it.
EXTRAS = {
    "aiohttp": "operator",
    "boto3": "s3",
    "botocore": "s3",
    "cel": "validate",
    "cryptography": "operator",
    "google": "pulumi",
    "grpc": "pulumi",
    "h11": "operator",
    "httpx": "cluster",
    "jsonschema": "validate",
    "kopf": "operator",
    "kubernetes_validate": "validate",
    "psycopg": "postgres",
    "pulumi": "pulumi",
    "pulumi_kubernetes": "pulumi",
    "referencing": "validate",
}


class ExtraError(ModelServiceError):
    """A package of an extra is not installed."""

    exit_code: ClassVar[int] = 3


def missing(problem: ModuleNotFoundError, *, extra: str = "") -> ExtraError | None:
    """What to say of a module that is not there; None if no extra has it.

    ``extra`` is the one that has all that the command needs, where one does.
    """
    package = (problem.name or "").partition(".")[0]
    if package not in EXTRAS:
        return None
    return ExtraError(
        [
            Diagnostic(
                "dependency-missing",
                f"this needs the Python package {package.replace('_', '-')}, "
                "which is not installed",
                help=f"pip install 'msvc-pulumi[{extra or EXTRAS[package]}]'",
            )
        ]
    )
