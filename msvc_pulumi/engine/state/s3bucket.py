"""`S3Bucket`: a bucket of S3, or of what speaks its protocol, as the engine's URL names it.

Parameters of the URL are those of gocloud.dev's ``s3blob`` and ``aws``; credentials come from where
every AWS SDK looks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from msvc_pulumi.engine.processes.redaction import shown
from msvc_pulumi.engine.state.bucket import BucketError

__all__ = ["S3Bucket"]

AT_ONCE = 1000  # the most that one request may delete
MISSING = ("NoSuchKey", "404", "NotFound")


class S3Bucket:
    """The objects below the path of ``url``. Safe to use from several threads."""

    remote = True

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self.name = shown(url)
        self._bucket = parts.netloc
        self._prefix = f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if "role" in asked:
            raise BucketError.of(self.name, "the parameter role is not supported; use a profile")
        self._encryption = {
            name: asked[parameter]
            for name, parameter in (
                ("ServerSideEncryption", "ssetype"),
                ("SSEKMSKeyId", "kmskeyid"),
            )
            if parameter in asked
        }
        with self._named():
            self._client = _client(asked, environment)

    def read(self, key: str) -> bytes | None:
        with self._named():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if error.response["Error"]["Code"] in MISSING:
                    return None
                raise
            return bytes(found["Body"].read())

    def write(self, key: str, content: bytes) -> None:
        with self._named():
            self._client.put_object(
                Bucket=self._bucket, Key=self._prefix + key, Body=content, **self._encryption
            )

    def exists(self, key: str) -> bool:
        with self._named():
            try:
                self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if error.response["Error"]["Code"] in MISSING:
                    return False
                raise
            return True

    def keys(self, prefix: str) -> list[str]:
        with self._named():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return sorted(key.removeprefix(self._prefix) for key in found)

    def remove(self, keys: Iterable[str]) -> None:
        wanted = [{"Key": self._prefix + key} for key in keys]
        with self._named():
            for first in range(0, len(wanted), AT_ONCE):
                some = {"Objects": wanted[first : first + AT_ONCE], "Quiet": True}
                done = self._client.delete_objects(Bucket=self._bucket, Delete=some)
                for error in done.get("Errors", ()):
                    if error.get("Code") not in MISSING:
                        raise BucketError.of(self.name, error.get("Message") or error.get("Code"))

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, ValueError) as error:
            raise BucketError.of(self.name, error) from error


def _client(asked: Mapping[str, str], environment: Mapping[str, str]) -> Any:
    def is_set(*names: str) -> bool:
        return any(asked.get(name, "").lower() in ("1", "t", "true") for name in names)

    insecure = is_set("disableSSL", "disable_https")
    endpoint = asked.get("endpoint")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'http' if insecure else 'https'}://{endpoint}"
    path_style = is_set("s3ForcePathStyle", "use_path_style")
    settings: dict[str, Any] = {
        name: asked[name]
        for name in ("request_checksum_calculation", "response_checksum_validation")
        if name in asked
    }
    if is_set("anonymous"):
        settings["signature_version"] = UNSIGNED
    config = Config(
        s3={
            "addressing_style": "path" if path_style else "auto",
            "use_accelerate_endpoint": is_set("accelerate"),
        },
        use_dualstack_endpoint=is_set("dualstack"),
        use_fips_endpoint=is_set("fips"),
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=10,
        read_timeout=30,
        max_pool_connections=16,
        **settings,
    )
    region = asked.get("region") or environment.get("AWS_REGION")  # boto reads the other names
    session = boto3.Session(profile_name=asked.get("profile"), region_name=region)
    return session.client("s3", endpoint_url=endpoint, use_ssl=not insecure, config=config)
