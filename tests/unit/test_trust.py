"""Servers are trusted as Go's clients trust them, by any number of threads with one context."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import aiohttp
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.kubeconfig import Connection
from msvc_pulumi.cluster.trust import trusting
from msvc_pulumi.operator.events import connection_info

NOW = datetime.now(UTC)
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def text(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def signed(name: str, by: Pair | None, *, authority: bool) -> Pair:
    """Without identifiers of keys, which clusters' own authorities often leave out."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))])
        builder = builder.add_extension(here, critical=False)
    return Pair(builder.sign(by.key if by else key, hashes.SHA256()), key)


ROOT = signed("root", None, authority=True)
MIDDLE = signed("middle", ROOT, authority=True)
LEAF = signed("kube-apiserver", MIDDLE, authority=False)
OTHER = signed("root", None, authority=True)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where a server shows LEAF and MIDDLE, answers once and hangs up."""
    folder = tmp_path_factory.mktemp("server")
    chain, key = folder / "chain", folder / "key"
    chain.write_text(LEAF.text + MIDDLE.text)
    key.write_bytes(
        LEAF.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with socket.create_server((HERE, 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening, context))
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            raw, _ = listening.accept()
        except OSError:
            return
        with suppress(OSError), raw, context.wrap_socket(raw, server_side=True) as each:
            each.recv(4096)
            each.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("authority", [ROOT, MIDDLE, LEAF], ids=["root", "middle", "itself"])
def test_what_is_named_is_trusted(port: int, authority: Pair) -> None:
    """An authority need be neither the last of its chain nor have identifiers of its key."""
    with httpx.Client(verify=trusting(authority.text)) as client:
        assert client.get(f"https://{HERE}:{port}").status_code == 204


@pytest.mark.parametrize(
    ("authority", "host"),
    [(OTHER.text, HERE), (None, HERE), ("", HERE), (ROOT.text, "localhost")],
    ids=["another of that name", "the system", "an empty file", "under another name"],
)
def test_nobody_else_is(port: int, authority: str | None, host: str) -> None:
    with (
        httpx.Client(verify=trusting(authority)) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get(f"https://{host}:{port}")
    with httpx.Client(verify=trusting(authority, anybody=True)) as client:
        assert client.get(f"https://{host}:{port}").status_code == 204


@pytest.mark.parametrize(("name", "good"), [(HERE, True), ("other.invalid", False)])
def test_the_name_of_the_certificate_may_be_stated(port: int, name: str, good: bool) -> None:
    """As tls-server-name, to both clients."""
    address = f"https://localhost:{port}"
    connection = Connection(address, "default", trusting(ROOT.text), lambda _: {}, server_name=name)

    async def ask_as_kopf() -> int:
        async with connection_info(connection).aiohttp_session as kopf, kopf.get(address) as answer:
            return answer.status

    with Cluster(connection) as cluster:
        if good:
            assert cluster.server.request("GET", "/") == ""
            assert asyncio.run(ask_as_kopf()) == 204
        else:
            with pytest.raises(ClusterError, match="not trusted"):
                cluster.server.request("GET", "/")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                asyncio.run(ask_as_kopf())


def test_a_bundle_has_comments(port: int) -> None:
    """In any language, of all that it holds."""
    first = signed("another", None, authority=True)
    bundle = f"# größte\n{first.text}\n# 根\n{ROOT.text}"
    with httpx.Client(verify=trusting(bundle)) as client:
        assert client.get(f"https://{HERE}:{port}").status_code == 204


@pytest.mark.parametrize("text", [" ", "no certificate", "é"])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(ssl.SSLError):
        trusting(text)


def test_what_is_offered_is_told_once(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time would write over what another thread is reading."""
    told: list[list[str]] = []
    tell: Callable[[ssl.SSLContext, Iterable[str]], None] = ssl.SSLContext.set_alpn_protocols

    def telling(context: ssl.SSLContext, protocols: Iterable[str]) -> None:
        told.append(list(protocols))
        tell(context, told[-1])

    monkeypatch.setattr(ssl.SSLContext, "set_alpn_protocols", telling)
    with httpx.Client(verify=trusting(ROOT.text), timeout=60) as client:
        assert told == [["http/1.1"]]
        with ThreadPoolExecutor(4) as threads:
            answers = threads.map(lambda _: client.get(f"https://{HERE}:{port}"), range(12))
            assert {answer.status_code for answer in answers} == {204}
    assert told == [["http/1.1"]]
