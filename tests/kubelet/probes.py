"""Probes of containers: `check` makes one attempt, `Thresholds` say what attempts come to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["HEALTH_METHOD", "Execute", "Thresholds", "check", "health_answer", "health_question"]

Probe = Mapping[str, Any]
Execute = Callable[[list[str]], Awaitable[int]]
"""Runs a command inside the container and returns its exit code."""

HEALTH_METHOD = "/grpc.health.v1.Health/Check"
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
FAILURES = 3  # the API's default


@dataclass(slots=True)
class Thresholds:
    """Counts attempts as the API's defaults and the probe's thresholds say."""

    successes: int
    failures: int
    count: int = 0
    """Successes in a row, failures in a row below zero."""

    @classmethod
    def of(cls, probe: Probe) -> Thresholds:
        return cls(probe.get("successThreshold", 1), probe.get("failureThreshold", FAILURES))

    def add(self, success: bool) -> bool | None:
        """What is known after one more attempt; None where it is not settled."""
        if success:
            self.count = max(0, self.count) + 1
            return True if self.count >= self.successes else None
        self.count = min(0, self.count) - 1
        return False if -self.count >= self.failures else None


async def check(probe: Probe, container: Mapping[str, Any], address: str, run: Execute) -> str:
    """Why an attempt fails; empty if it succeeds."""
    timeout = probe.get("timeoutSeconds", 1)
    try:
        async with asyncio.timeout(timeout):
            if "exec" in probe:
                code = await run(probe["exec"]["command"])
                return f"exit code {code}" if code else ""
            if "httpGet" in probe:
                stated = probe["httpGet"]
                return await _http(stated, _port(stated["port"], container), address)
            if "tcpSocket" in probe:
                port = _port(probe["tcpSocket"]["port"], container)
                _, writer = await asyncio.open_connection(address, port)
                writer.close()
                return ""
            return await _grpc(probe["grpc"], address, timeout)
    except TimeoutError:
        return f"no answer after {timeout} s"
    except OSError as problem:
        return str(problem)


def _port(stated: int | str, container: Mapping[str, Any]) -> int:
    if isinstance(stated, int):
        return stated
    ports = {port.get("name"): port["containerPort"] for port in container.get("ports") or ()}
    if stated not in ports:
        raise OSError(f"the container has no port {stated}")
    return int(ports[stated])


async def _http(stated: Mapping[str, Any], port: int, address: str) -> str:
    secure = None
    if stated.get("scheme") == "HTTPS":
        secure = ssl.create_default_context()
        secure.check_hostname, secure.verify_mode = False, ssl.CERT_NONE  # as the kubelet does it
    reader, writer = await asyncio.open_connection(stated.get("host") or address, port, ssl=secure)
    try:
        headers = {"Host": f"{address}:{port}", "User-Agent": "kube-probe/1", "Accept": "*/*"}
        headers |= {each["name"]: each["value"] for each in stated.get("httpHeaders") or ()}
        lines = [f"GET {stated.get('path') or '/'} HTTP/1.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()
        answer = (await reader.readline()).split()
    finally:
        writer.close()
    if len(answer) < 2 or not answer[0].startswith(b"HTTP/"):
        return f"no HTTP answer: {b' '.join(answer)[:80]!r}"
    return "" if b"200" <= answer[1] < b"400" else f"HTTP {answer[1].decode()}"


async def _grpc(stated: Mapping[str, Any], address: str, timeout: float) -> str:
    import grpc.aio

    service = stated.get("service") or ""
    async with grpc.aio.insecure_channel(f"{address}:{stated['port']}") as channel:
        ask = channel.unary_unary(HEALTH_METHOD)
        try:
            answer = await ask(health_question(service), timeout=timeout)
        except grpc.aio.AioRpcError as error:
            return f"{service!r}: {error.code().name} {error.details()}"[:200]
    status = health_answer(answer)
    return "" if status == "SERVING" else f"{service!r}: {status}"


def health_question(service: str) -> bytes:
    """HealthCheckRequest of grpc.health.v1: field 1, the name of a service."""
    name = service.encode()
    return b"\x0a" + bytes([len(name)]) + name if name else b""


def health_answer(message: bytes) -> str:
    """The status in a HealthCheckResponse: field 1, an enumeration."""
    return STATUSES[message[1] if message else 0]
