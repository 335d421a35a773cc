"""Answers of what is no API server, or of a proxy before one: each is told, none is believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from httpservers import Quiet, listening

from msvc_pulumi.cli import main

SIMPLE = Path(__file__).resolve().parents[2] / "samples" / "simple"
JSON = {"Content-Type": "application/json"}
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "nothing": (200, JSON, b""),
    "half of it": (200, JSON, b'{"kind": "APIResourceList", "resour'),
    "a page": (200, {"Content-Type": "text/html"}, b"<html>log in</html>"),
    "a list": (200, JSON, b"[1]"),
    "another object": (200, JSON, b"{}"),
    "kinds without names": (200, JSON, b'{"resources": [{"name": 5}]}'),
    "no gzip": (200, {**JSON, "Content-Encoding": "gzip"}, b"plain"),
    "a refusal that is no gzip": (500, {**JSON, "Content-Encoding": "gzip"}, b"plain"),
    "no such page": (404, {"Content-Type": "text/plain"}, b"404 page not found"),
}


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    """The address of a server that has one answer."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as address:
        yield address


@pytest.mark.parametrize("command", ["adopt -m", "diff"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_is_believed_that_is_none(
    answer: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "config"
    monkeypatch.setenv("KUBECONFIG", str(file))
    with answering(*ANSWERS[answer]) as address:
        entry = {
            "clusters": [{"name": "a", "cluster": {"server": address}}],
            "users": [{"name": "a", "user": {}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "current-context": "a",
        }
        file.write_text(yaml.safe_dump(entry))
        assert main([*command.split(), str(SIMPLE)]) == 3
    told = capsys.readouterr().err
    assert "error[cluster-failed]" in told
    assert "help:" in told
