"""TLS contexts of an endpoint: `from_files` follows files, `SelfSigned` needs none."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

__all__ = ["SelfSigned", "from_files"]

VALID = timedelta(days=365)
RENEWED = timedelta(days=90)
"""Age at which another certificate takes its place, long before nobody would accept it."""
NAMES, ADDRESSES = ("localhost",), ("127.0.0.1", "::1")  # controller-runtime's


def from_files(certificate: Path, key: Path) -> ssl.SSLContext:
    """With what the files hold now. Raises OSError (ssl.SSLError) if that is no certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


class SelfSigned:
    """A certificate that nobody but this process has signed, kept in memory; for one thread.

    It keeps what is sent from those who only listen. Who must know whom it talks to needs a
    certificate from elsewhere.
    """

    def __init__(self) -> None:
        self._context, self._made = _self_signed(), monotonic()

    def __call__(self) -> ssl.SSLContext:
        """The context as it is now."""
        if monotonic() - self._made > RENEWED.total_seconds():
            self._context, self._made = _self_signed(), monotonic()
        return self._context


def _self_signed() -> ssl.SSLContext:
    # Here, because most of what this program does needs no cryptography.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "modelservice-operator")])
    names = [
        *(x509.DNSName(host) for host in NAMES),
        *(x509.IPAddress(ip_address(address)) for address in ADDRESSES),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    # Python's ssl takes certificates from files only.
    with tempfile.TemporaryDirectory(prefix="msvc-") as folder:
        file, key_file = Path(folder, "tls.crt"), Path(folder, "tls.key")
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return from_files(file, key_file)
