"""The server of health and metrics: what callers may cost, and what they are told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from storageservers import free_port

from msvc_pulumi.operator.serving import certificates
from msvc_pulumi.operator.serving.certificates import SelfSigned
from msvc_pulumi.operator.serving.httpserver import (
    BODY_BYTES,
    CALLERS,
    CHUNK,
    HEAD_BYTES,
    HttpServer,
    Request,
    Response,
)


def address() -> str:
    return f"127.0.0.1:{free_port()}"


def echo(request: Request) -> Response:
    return Response(200, f"{request.method} {request.path}\n")


@contextlib.contextmanager
def silent(where: str, count: int) -> Iterator[list[socket.socket]]:
    """So many callers that say nothing."""
    host, _, port = where.rpartition(":")
    with contextlib.ExitStack() as stack:
        made = [socket.create_connection((host, int(port))) for _ in range(count)]
        for one in made:
            stack.enter_context(one)
        yield made


def ended(caller: socket.socket, seconds: float) -> bool:
    """Whether the server has ended the connection within that time."""
    caller.settimeout(seconds)
    try:
        while caller.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize("secure", [False, True])
def test_many_silent_callers_cost_no_threads_and_nobody_waits(secure: bool) -> None:
    """More than may be there at a time: the oldest go, and one that speaks is answered."""
    where = address()
    context = SelfSigned() if secure else None
    url = f"{'https' if secure else 'http'}://{where}/page"
    with HttpServer(where, echo, context=context):
        httpx.get(url, verify=False)
        before = threading.active_count()
        with silent(where, CALLERS + 20) as callers:
            assert httpx.get(url, verify=False, timeout=5.0).text == "GET /page\n"
            # The pool of those who answer is all that may have grown.
            assert threading.active_count() <= before + 1
            assert ended(callers[0], 1.0)
            assert not ended(callers[-1], 0.1)


def test_callers_that_stay_after_their_answer_keep_nobody_out() -> None:
    """A connection carries one request, whatever its caller thinks."""
    where = address()
    with HttpServer(where, echo), silent(where, CALLERS) as callers:
        for caller in callers:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for caller in callers:
            caller.settimeout(5.0)
            assert caller.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert httpx.get(f"http://{where}/", timeout=5.0).status_code == 200


def test_a_caller_that_speaks_slowly_has_no_longer_than_others() -> None:
    """A byte now and then keeps no connection open."""
    where = address()
    with HttpServer(where, echo, seconds=0.6), silent(where, 1) as [caller]:
        began = time.monotonic()
        with contextlib.suppress(OSError):  # reset or broken pipe
            while time.monotonic() - began < 5.0:
                caller.send(b"G")
                time.sleep(0.05)
        assert time.monotonic() - began < 2.0


def test_an_answer_that_hangs_holds_its_threads_only() -> None:
    """With all of them busy others wait their time and go; another server is not concerned."""
    one, other, go = address(), address(), threading.Event()

    def hang(request: Request) -> Response:
        go.wait(10)
        return Response(200, "late\n")

    with (
        HttpServer(one, hang, seconds=0.5),
        HttpServer(other, echo),
        silent(one, 6) as callers,
    ):
        for caller in callers:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert httpx.get(f"http://{other}/", timeout=2.0).status_code == 200
        assert all(ended(caller, 3.0) for caller in callers)
        assert sum(thread.name.startswith(f"http-{one}_") for thread in threading.enumerate()) <= 2
        go.set()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (HEAD_BYTES - 200) + b"\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (HEAD_BYTES + 2 * CHUNK) + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * (HEAD_BYTES + 2 * CHUNK) + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"what\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
    ],
)
def test_heads_are_bounded(sent: bytes, status: int) -> None:
    where = address()
    with HttpServer(where, echo), silent(where, 1) as [caller]:
        caller.sendall(sent)
        caller.settimeout(5.0)
        assert caller.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize("secure", [False, True])
def test_a_body_is_ignored(secure: bool) -> None:
    """Its sender gets the answer, as long as it is not too long."""
    where = address()
    context = SelfSigned() if secure else None
    url = f"{'https' if secure else 'http'}://{where}/"
    with HttpServer(where, echo, context=context):
        content = b"x" * (BODY_BYTES // 4)
        answer = httpx.request("POST", url, content=content, verify=False)
        assert answer.text == "POST /\n"
        assert answer.headers["connection"] == "close"
        head = httpx.head(url, verify=False)
        assert (head.status_code, head.text) == (200, "")


def test_a_self_signed_certificate_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before it expires, and not for each caller."""
    now = [0.0]
    monkeypatch.setattr(certificates, "monotonic", lambda: now[0])
    context = SelfSigned()
    first = context()
    assert certificates.RENEWED < certificates.VALID / 2
    now[0] = certificates.RENEWED.total_seconds()
    assert context() is first
    now[0] += 1.0
    assert context() is not first


def test_a_failure_is_the_callers_answer_and_ends_nothing() -> None:
    where = address()

    def fail(request: Request) -> Response:
        raise RuntimeError("broken")

    with HttpServer(where, fail):
        for _ in range(2):
            answer = httpx.get(f"http://{where}/")
            assert (answer.status_code, answer.text) == (500, "internal error\n")


def test_every_interface_is_both_families() -> None:
    """ ":8081" is what Go listens on for it."""
    port = address().rpartition(":")[2]
    with HttpServer(f":{port}", echo):
        hosts = ["127.0.0.1", *(["[::1]"] if socket.has_dualstack_ipv6() else [])]
        for host in hosts:
            assert httpx.get(f"http://{host}:{port}/").status_code == 200
