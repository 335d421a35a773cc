"""Which API servers are trusted: those that Go's clients trust."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

__all__ = ["trusting"]

OFFERED = ("http/1.1",)  # as httpcore and aiohttp do


def trusting(authority: str | None, *, anybody: bool = False) -> ssl.SSLContext:
    """A context for clients that trusts ``authority``, in PEM, or where that is empty what the
    system does.

    Any number of threads may connect with it at once. With ``anybody`` nothing is verified.
    Raises ssl.SSLError for what is no certificate.
    """
    # Not create_default_context: from Python 3.13 that one also refuses certificates that only
    # lack what Go does not ask for, such as the identifiers of their keys.
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    # As crypto/x509: what is named is trusted, and need not be signed by itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # Before any thread greets a server; see _Context.
    context.set_alpn_protocols(OFFERED)
    if authority:
        # Bundles have comments in any language, and ssl takes ASCII only.
        context.load_verify_locations(cadata=authority.encode("ascii", "replace").decode())
    else:
        context.load_default_certs()
    if anybody:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Context(ssl.SSLContext):
    """Tells OpenSSL once what is offered.

    httpcore states its protocols anew for each connection. OpenSSL then replaces a buffer that
    another thread, which begins a connection without the interpreter's lock, may be reading: the
    server gets a broken greeting and answers "decode error".
    """

    _offered: tuple[str, ...] = ()

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        offered = tuple(alpn_protocols)
        if offered != self._offered:
            super().set_alpn_protocols(offered)
            self._offered = offered
