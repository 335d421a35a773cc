"""Health and metrics as probes and Prometheus read them, over HTTP and HTTPS."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from msvc_pulumi.operator.serving.endpoints import Endpoints
from msvc_pulumi.operator.serving.health import Health
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings


def address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def issue(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 by ``name``, in the same files as the one before."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", *kind, *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_health_says_how_far_the_operator_is() -> None:
    settings, health = Settings(health_address=address()), Health()
    base = f"http://{settings.health_address}"
    with Endpoints(settings, Metrics(), health.page):
        answer = httpx.get(f"{base}/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert httpx.get(f"{base}/readyz").status_code == 503
        health.stands_by("another")
        answer = httpx.get(f"{base}/readyz")
        assert answer.status_code == 200
        assert "another" in answer.text
        health.leads()
        assert httpx.get(f"{base}/readyz").status_code == 503
        health.works()
        assert httpx.get(f"{base}/readyz?verbose").status_code == 200
        health.ends()
        assert httpx.get(f"{base}/readyz").status_code == 503
        assert httpx.get(f"{base}/healthz").status_code == 200
        assert httpx.get(f"{base}/metrics").status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/healthz")


def test_metrics_are_in_the_text_format_of_prometheus() -> None:
    metrics = Metrics()
    metrics.gauges["msvc_queue_depth"] = ("ModelServices that wait.", lambda: 3)
    metrics.ran(2, 1.5)
    metrics.failed()
    settings = Settings(metrics_address=address())
    with Endpoints(settings, metrics, Health().page):
        answer = httpx.get(f"http://{settings.metrics_address}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert "msvc_engine_run_services_total 2" in lines
    assert "msvc_engine_run_seconds_total 1.5" in lines
    assert "msvc_failures_total 1" in lines
    assert "msvc_queue_depth 3" in lines
    for line in lines:
        comment = re.fullmatch(r"# (HELP \w+ .+|TYPE \w+ (counter|gauge))", line)
        assert comment or re.fullmatch(r"[a-z_]+ [0-9.e+]+", line), line


def test_metrics_over_https_use_the_certificate_as_it_is_now(tmp_path: Path) -> None:
    certificate = issue(tmp_path, "first")
    settings = Settings(metrics_address=address(), metrics_certificate=certificate)
    url = f"https://{settings.metrics_address}/metrics"
    with Endpoints(settings, Metrics(), Health().page):
        first = trusting(certificate[0])
        assert httpx.get(url, verify=first).status_code == 200
        issue(tmp_path, "renewed")
        assert httpx.get(url, verify=trusting(certificate[0])).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(url, verify=first)


def test_a_caller_that_says_nothing_keeps_nobody_waiting(tmp_path: Path) -> None:
    certificate = issue(tmp_path, "one")
    settings = Settings(metrics_address=address(), metrics_certificate=certificate)
    host, _, port = settings.metrics_address.rpartition(":")
    with (
        Endpoints(settings, Metrics(), Health().page),
        socket.create_connection((host, int(port))),
    ):
        url = f"https://{settings.metrics_address}/metrics"
        answer = httpx.get(url, verify=trusting(certificate[0]), timeout=5.0)
    assert answer.status_code == 200


def test_an_address_that_is_taken_is_known_at_the_start() -> None:
    """And what was served before that is not served any more."""
    settings = Settings(health_address=address(), metrics_address=address())
    host, _, port = settings.metrics_address.rpartition(":")
    with socket.create_server((host, int(port))):
        with pytest.raises(OSError, match="in use"), Endpoints(settings, Metrics(), Health().page):
            pass
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{settings.health_address}/healthz")


def test_a_certificate_that_cannot_be_read_is_known_at_the_start(tmp_path: Path) -> None:
    missing = (tmp_path / "tls.crt", tmp_path / "tls.key")
    settings = Settings(metrics_address=address(), metrics_certificate=missing)
    with pytest.raises(OSError), Endpoints(settings, Metrics(), Health().page):  # noqa: PT011
        pass
