"""An engine that makes nothing and takes down what programs tell it."""

# ruff: noqa: N802  the protocol's names
from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

__all__ = ["Engine"]


class Engine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Takes down what it is told. A resource whose name is in ``failing`` cannot be made."""

    def __init__(self, failing: Sequence[str] = ()) -> None:
        self.registered: dict[str, dict[str, Any]] = {}
        self.finished: dict[str, dict[str, Any]] = {}
        self.failing = failing
        self.warnings: list[tuple[str, str]] = []

    def SupportsFeature(self, request: Any, _context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request: Any, _context: Any) -> Any:
        if request.name in self.failing:
            return resource_pb2.RegisterResourceResponse(result=resource_pb2.FAIL)
        unknown = {*request.dependencies, request.parent} - {*self.registered, ""}
        assert not unknown, "the engine takes no resource before those it depends on"
        urn = f"urn:pulumi:s::p::{request.type}::{request.name}"
        self.registered[urn] = MessageToDict(request)
        identity = "id" if request.custom else ""
        if request.custom:
            request.object["metadata"]["uid"] = f"uid of {request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=request.object)

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:
        self.finished[request.urn] = MessageToDict(request.outputs)
        return Empty()

    def SignalAndWaitForShutdown(self, request: Any, _context: Any) -> Any:
        return Empty()

    def Log(self, request: Any, _context: Any) -> Any:
        if request.severity == engine_pb2.WARNING:
            self.warnings.append((request.urn, request.message))
        return Empty()

    def SetRootResource(self, request: Any, _context: Any) -> Any:
        return engine_pb2.SetRootResourceResponse()

    def run(self, servicer: language_pb2_grpc.LanguageRuntimeServicer) -> Any:
        """What the program answers at its end."""
        server = grpc.server(ThreadPoolExecutor(32))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, server)
        engine_pb2_grpc.add_EngineServicer_to_server(self, server)
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            request = language_pb2.RunRequest(
                project="p", stack="s", monitor_address=address, args=[address], parallel=4
            )
            return servicer.Run(request, None)
        finally:
            server.stop(None).wait()
