"""Addresses that a kubeconfig states: `scheme_of` returns how a server is spoken to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from msvc_pulumi.cluster.errors import cluster_error

__all__ = ["PROXIES", "scheme_of"]

SOCKS = ("socks5", "socks5h")
PROXIES = ("http", "https", *SOCKS)


def scheme_of(entry: Mapping[str, Any], key: str, known: Collection[str]) -> str:
    """The scheme of the address ``key`` in small letters, one of ``known``; "" if none is stated.

    Raises ClusterError (kubeconfig-invalid) for what is no address, or none that can be used here.
    """
    address = entry.get(key)
    if not address:
        return ""
    try:
        parts = urlsplit(str(address))
        scheme = parts.scheme if parts.hostname else ""
    except ValueError:
        scheme = ""
    if scheme not in known:
        raise cluster_error(
            "kubeconfig-invalid",
            # It may hold a password.
            f"{key} of the kubeconfig is no address that can be used",
            f"it begins with {' or '.join(f'{each}://' for each in known)}",
        )
    if scheme in SOCKS and find_spec("socksio") is None:
        raise cluster_error(
            "kubeconfig-invalid",
            f"{key} of the kubeconfig needs socksio, which is not installed",
            "pip install 'httpx[socks]'",
        )
    return scheme
