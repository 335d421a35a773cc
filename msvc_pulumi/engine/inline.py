"""A program within this process: `serving` lets the engine run it, without a language host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

__all__ = ["serving"]

MESSAGE_BYTES = 400 << 20  # as in the SDK: a stack's state travels in one message


class _Host(LanguageServer):
    _run: Callable[..., Any] = LanguageServer.Run

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's name
        try:
            failed = bool(self._run(request, context).error)
        except grpc.RpcError:  # the engine has ended, for a reason that it has said
            failed = True
        # What went wrong has been logged by then: without `bail` the engine would say it again.
        return language_pb2.RunResponse(bail=failed)


@contextmanager
def serving(program: Callable[[], None]) -> Iterator[str]:
    """The arguments with which ``pulumi`` runs ``program``, for as long as the block lasts."""
    limits = [(f"grpc.max_{way}_message_length", MESSAGE_BYTES) for way in ("send", "receive")]
    server = grpc.server(ThreadPoolExecutor(4), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Host(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"--client=127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()
