"""`PlanHost`: a language host whose program is a number of plans, told to the engine directly.

The SDK spends several milliseconds of processor time on each resource, most of it on outputs that
nobody reads: everything in a plan is known beforehand. The engine's protocol for programs is public
(``proto/pulumi/resource.proto``, ``language.proto``); what is said is what the component's classes
would say (``tests/unit/test_planhost.py`` compares the two).
"""

# ruff: noqa: N802  the protocol's names
from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
    resource_pb2,
    resource_pb2_grpc,
)

from msvc_pulumi.engine.hosts.inline import MESSAGE_LIMITS
from msvc_pulumi.engine.tools.sdk import kubernetes_version
from msvc_pulumi.out.declaration import (
    COMPONENT,
    KEPT_POOL,
    Declaration,
    declarations,
    exported,
    logical_names,
    outputs,
    restarting,
)
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import render
from msvc_pulumi.rules.refusals import plan_warnings

__all__ = ["PlanHost"]

Request = resource_pb2.RegisterResourceRequest
SUCCESS = resource_pb2.SUCCESS
REGISTRATIONS = 32  # at a time; each waits for the cluster, or for another one


class PlanHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Declares the component of each plan, named as by `declaration.logical_names`.

    What depends on a resource that failed is not declared; nor are the outputs of its component.
    With ``tells`` the engine shows the warnings of each plan, and the stack exports it.
    """

    def __init__(self, plans: Sequence[Plan], *, tells: bool = False) -> None:
        self._plans, self._tells = plans, tells

    def About(self, _request: Any, _context: Any) -> Any:
        return language_pb2.AboutResponse(
            executable=sys.executable, version=platform.python_version()
        )

    def Cancel(self, _request: Any, _context: Any) -> Any:
        return Empty()  # the engine goes away, and every request with it

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo()

    def GetRequiredPackages(self, _request: Any, _context: Any) -> Any:
        # The Kubernetes plugin is started by its first resource.
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: Any, _context: Any) -> Any:
        with (
            ExitStack() as channels,
            _channel(request.monitor_address) as monitor,
            ThreadPoolExecutor(REGISTRATIONS) as threads,
        ):
            engine = channels.enter_context(_channel(request.args[0])) if self._tells else None
            run = _Run(
                resource_pb2_grpc.ResourceMonitorStub(monitor),
                engine_pb2_grpc.EngineStub(engine) if engine else None,
                threads,
            )
            done = run.declare(f"{request.project}-{request.stack}", self._plans)
        # The engine has said by then why something could not be done.
        return language_pb2.RunResponse(bail=not done)


class _Registered(NamedTuple):
    """A resource as the engine knows it; of its live metadata what `restarting` asks for."""

    urn: str
    metadata: Mapping[str, Any]


Registration = Future[_Registered]


class _Run:
    """Without ``engine`` no warning is shown, and nothing exported."""

    def __init__(
        self,
        monitor: resource_pb2_grpc.ResourceMonitorStub,
        engine: engine_pb2_grpc.EngineStub | None,
        threads: ThreadPoolExecutor,
    ) -> None:
        self._monitor, self._engine, self._threads = monitor, engine, threads

    def declare(self, root: str, plans: Sequence[Plan]) -> bool:
        """Whether everything could be done."""
        named = dict(zip(logical_names(plans), plans, strict=True))
        try:
            stack = self._register(Request(type="pulumi:pulumi:Stack", name=root)).urn
            # Threads take up work in this order: what a child waits for is under way before it.
            children = [self._children(name, plan, stack) for name, plan in named.items()]
            concluded = [self._concluded(*one) for one in zip(plans, children, strict=True)]
            if not all(concluded):
                return False
            exports = {name: exported(plan) for name, plan in named.items()}
            self._finish(stack, exports if self._engine else {})
        except grpc.RpcError:
            return False
        return True

    def _children(self, name: str, plan: Plan, stack: str) -> dict[str, Registration]:
        """Each resource of a plan by plan key, the component under ""."""
        start = self._threads.submit
        found = {"": start(self._component, name, plan, stack)}
        for declaration in declarations(name, plan):
            known = {key: found[key] for key in declaration.depends_on}
            found[declaration.key] = start(self._child, declaration, found[""], known)
        return found

    def _component(self, name: str, plan: Plan, stack: str) -> _Registered:
        component = self._register(Request(type=COMPONENT, name=name, parent=stack))
        if self._engine and (warnings := list(plan_warnings(plan))):
            text = render(warnings).rstrip()
            warning = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text)
            warning.urn = component.urn
            self._engine.Log(warning)
        return component

    def _child(
        self, declaration: Declaration, parent: Registration, dependencies: dict[str, Registration]
    ) -> _Registered:
        known = {key: one.result() for key, one in dependencies.items()}
        stated, cause = declaration.properties, known.get(declaration.restarts_with)
        if cause is not None:
            stated = restarting(declaration, cause.metadata)
        properties = Struct()
        properties.update(stated)
        return self._register(
            Request(
                type=declaration.token,
                name=declaration.name,
                custom=True,
                version=kubernetes_version(),
                object=properties,
                parent=parent.result().urn,
                dependencies=[one.urn for one in known.values()],
                propertyDependencies={
                    key: Request.PropertyDependencies(
                        urns=[cause.urn] if cause is not None and key == "spec" else []
                    )
                    for key in declaration.properties
                },
                ignoreChanges=declaration.ignore_changes,
                replaceOnChanges=declaration.replace_on_changes,
                deleteBeforeReplace=True,
                deleteBeforeReplaceDefined=True,
            )
        )

    def _register(self, request: Request) -> _Registered:
        request.acceptSecrets = request.acceptResources = True
        request.supportsPartialValues = request.supportsResultReporting = True
        request.object.SetInParent()
        request.hooks.SetInParent()
        response = self._monitor.RegisterResource(request)
        if response.result != SUCCESS:
            raise _FailedError(request.name)
        annotations = {KEPT_POOL: _annotation(response.object, KEPT_POOL)}
        metadata = {"uid": _uid(response.object), "annotations": annotations}
        return _Registered(str(response.urn), metadata)

    def _concluded(self, plan: Plan, children: dict[str, Registration]) -> bool:
        try:
            made = {key: child.result() for key, child in children.items()}
            self._finish(made[""].urn, outputs(plan))
        except (grpc.RpcError, _FailedError):
            return False
        return True

    def _finish(self, urn: str, found: dict[str, Any]) -> None:
        properties = Struct()
        properties.update({key: value for key, value in found.items() if value is not None})
        self._monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=properties)
        )


def _uid(found: Struct) -> str:
    metadata = found.fields["metadata"].struct_value if "metadata" in found.fields else Struct()
    return metadata.fields["uid"].string_value if "uid" in metadata.fields else ""


def _annotation(found: Struct, name: str) -> str:
    metadata = found.fields["metadata"].struct_value if "metadata" in found.fields else Struct()
    if "annotations" not in metadata.fields:
        return ""
    fields = metadata.fields["annotations"].struct_value.fields
    return str(fields[name].string_value) if name in fields else ""


def _channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=MESSAGE_LIMITS)


class _FailedError(Exception):
    """A resource could not be made what it should be."""
