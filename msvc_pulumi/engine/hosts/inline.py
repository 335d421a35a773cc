"""Programs within this process: `serving` lets the engine run one, without a language host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

__all__ = ["MESSAGE_LIMITS", "host", "serving"]

# As in the SDK: a stack's state travels in one message.
MESSAGE_LIMITS = [(f"grpc.max_{way}_message_length", 400 << 20) for way in ("send", "receive")]


class _Host(LanguageServer):
    _run: Callable[..., Any] = LanguageServer.Run

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's name
        try:
            failed = bool(self._run(request, context).error)
        except grpc.RpcError:  # the engine has ended, for a reason that it has said
            failed = True
        # What went wrong has been logged by then: without `bail` the engine would say it again.
        return language_pb2.RunResponse(bail=failed)


def host(program: Callable[[], None]) -> language_pb2_grpc.LanguageRuntimeServicer:
    """The language host of one program, which uses the SDK."""
    return _Host(program)


@contextmanager
def serving(servicer: language_pb2_grpc.LanguageRuntimeServicer) -> Iterator[str]:
    """The argument with which ``pulumi`` asks ``servicer``, for as long as the block lasts."""
    server = grpc.server(ThreadPoolExecutor(4), options=MESSAGE_LIMITS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"--client=127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()
