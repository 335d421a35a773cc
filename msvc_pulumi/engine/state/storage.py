"""`open_bucket` returns the bucket that a backend's URL names, through the client for its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from msvc_pulumi.engine.processes.redaction import shown
from msvc_pulumi.engine.state.bucket import Bucket, BucketError, FolderBucket
from msvc_pulumi.errors import Diagnostic

__all__ = ["open_bucket"]


def open_bucket(url: str, environment: Mapping[str, str]) -> Bucket:
    """The bucket, not necessarily connected yet.

    Raises:
        BucketError: it is of another kind, or its client is not installed.
    """
    scheme = url.partition("://")[0]
    try:
        if scheme == "file":
            path = unquote(url.removeprefix("file://").partition("?")[0])
            return FolderBucket(Path(path).expanduser().absolute())
        if scheme == "s3":
            from msvc_pulumi.engine.state.s3bucket import S3Bucket  # noqa: PLC0415  loads boto3

            return S3Bucket(url, environment)
        if scheme == "postgres":
            from msvc_pulumi.engine.state.postgresbucket import PostgresBucket  # noqa: PLC0415

            return PostgresBucket(url, environment)
    except ImportError as problem:
        raise BucketError([_missing(scheme, problem)]) from problem
    raise BucketError([_unsupported(url)])


def _missing(scheme: str, problem: ImportError) -> Diagnostic:
    return Diagnostic(
        "dependency-missing",
        f"state on {scheme} needs the package {problem.name}, which is not installed",
        help=f"pip install 'msvc-pulumi[{scheme}]'",
    )


def _unsupported(url: str) -> Diagnostic:
    known = re.match(r"[a-z0-9+]+://", url)
    what = shown(url) if known else "the service that you are logged in to"
    return Diagnostic(
        "backend-unsupported",
        f"the operator cannot keep its stacks in {what}",
        help="set PULUMI_BACKEND_URL to file://…, s3://… or postgres://…, or unset it and "
        "PULUMI_ACCESS_TOKEN, and mount a volume at the folder that XDG_STATE_HOME names",
    )
