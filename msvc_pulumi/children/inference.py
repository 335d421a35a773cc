"""Routing objects of the Inference Extension's v1alpha2 as objects of its v1.

Field map: ``api/v1/inferencepool_types.go`` against ``api/v1alpha2`` of the Gateway API Inference
Extension. InferenceModel was removed without an heir of the same shape: its criticality becomes an
InferenceObjective's priority, its target models an InferenceModelRewrite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.gocontainer import GoContainer, containers
from msvc_pulumi.children.inferencemodel import for_pool, heirs
from msvc_pulumi.children.pickerflags import flags, grpc_port, leading_port, pickers
from msvc_pulumi.children.pickerrights import rules
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.target.kinds import KINDS, Kind

__all__ = ["OLD_GROUP", "POOL", "convert"]

OLD_GROUP = "inference.networking.x-k8s.io"
POOL_GROUP = "inference.networking.k8s.io"
OLD_POOL = Kind(f"{OLD_GROUP}/v1alpha2", "InferencePool")
POOL = Kind(f"{POOL_GROUP}/v1", "InferencePool")
SPEC = FieldPath.of("spec")
PICKER = SPEC.child("endpointPickerRef")


def convert(children: Sequence[Child], context: BuildContext) -> list[Child]:
    """``children`` for the generation of the Inference Extension that is asked for.

    With ``auto`` they are converted only where the cluster is known to serve v1 and not what they
    are written for. What is written for v1 already stays as it is.
    """
    result = _in_v1(children, context) if _wants_v1(context) else list(children)
    pool = next((child.kind for child in result if child.key == "inferencePool"), POOL)
    result = [for_pool(child, result, pool, context) for child in result]
    _complete(result)
    _check_references(result, context)
    return result


def _in_v1(children: Sequence[Child], context: BuildContext) -> list[Child]:
    result: list[Child] = []
    present = {child.key for child in children}
    picker = next((child for child in children if child.key == "eppDeployment"), None)
    if picker is not None:
        _convert_endpoint_picker(picker, context)
    for child in children:
        if child.kind == OLD_POOL:
            result.append(_pool(child, context))
        elif child.kind == KINDS["inferenceModel"]:
            result.extend(heirs(child, context, present))
        else:
            if child.key == "httpRoute":
                _convert_route(child)
            elif child.key == "eppRole" and picker is not None:
                child.put(FieldPath.of("rules"), rules(picker))
            result.append(child)
    return result


def _wants_v1(context: BuildContext) -> bool:
    wanted, served = context.options.inference_api, context.options.capabilities
    if wanted == "auto":
        return served is not None and not served.serves(OLD_POOL) and served.serves(POOL)
    return wanted == "v1"


def _pool(child: Child, context: BuildContext) -> Child:
    spec = child.manifest.get("spec", {})
    picker = dict(spec.get("extensionRef") or {})
    reference = {
        key: picker[key] for key in ("group", "kind", "name", "failureMode") if key in picker
    }
    manifest = {
        **child.manifest,
        "apiVersion": POOL.api_version,
        "spec": {"selector": {"matchLabels": spec.get("selector", {})}},
    }
    manifest.pop("status", None)  # of another shape
    pool = child._replace(kind=POOL, manifest=manifest, overrides=dict(child.overrides))
    at = SPEC.child("extensionRef")
    pool.overrides[FieldPath.of("apiVersion")] = Origin("converted")
    pool.overrides[SPEC.child("selector", "matchLabels")] = child.origin(SPEC.child("selector"))
    for key in spec.get("selector", {}):
        origin = child.origin(SPEC.child("selector", key))
        pool.overrides[SPEC.child("selector", "matchLabels", key)] = origin
    port = SPEC.child("targetPortNumber")
    if child.get(port):
        pool.put(SPEC.child("targetPorts"), [{"number": child.get(port)}], child.converted(port))
    else:
        _warn_of_missing_port(child, context)
    if "portNumber" in picker and reference.get("kind", "Service") == "Service":
        reference["port"] = {"number": picker["portNumber"]}
    pool.put(SPEC.child("endpointPickerRef"), reference, child.converted(at))
    for key in reference:
        pool.overrides[SPEC.child("endpointPickerRef", key)] = child.converted(
            at.child("portNumber" if key == "port" else key)
        )
    if "port" in reference:
        number = SPEC.child("endpointPickerRef", "port", "number")
        pool.overrides[number] = child.converted(at.child("portNumber"))
    return pool


def _complete(children: Sequence[Child]) -> None:
    """Give a pool of v1 that states no port of its picker the one of the planned Service.

    v1 requires a port and has no default, unlike v1alpha2's extensionRef.portNumber. Of a picker
    that somebody else makes nothing is known.
    """
    found = {child.key: child for child in children}
    pool, service = found.get("inferencePool"), found.get("eppService")
    reference = pool.get(PICKER) if pool and pool.kind == POOL else None
    if pool is None or not reference or "port" in reference:
        return
    if reference.get("kind", "Service") != "Service":
        return
    picker = found.get("eppDeployment")
    converted = pool.origin(FieldPath.of("apiVersion")).kind == "converted"
    if service is None and picker is None and not converted:
        return
    number = leading_port(service, picker) if service else None
    number = number or grpc_port(flags(picker) if picker else {})
    pool.put(PICKER.child("port"), {"number": number}, Origin("generated"))


def _warn_of_missing_port(child: Child, context: BuildContext) -> None:
    path = SPEC.child("targetPortNumber")
    context.diagnostics.warning(
        "pool-without-port",
        "the InferencePool has no targetPortNumber: the API server rejects it",
        field=child.field(path),
        span=child.origin(SPEC).span,
        help="state the port that the model server listens on",
        refused=True,
    )


def _convert_route(route: Child) -> None:
    """Let the route's references to pools, mirrors included, name the group of v1."""
    for path in _backend_references(route):
        reference = route.get(path)
        if reference.get("kind") == "InferencePool" and reference.get("group") == OLD_GROUP:
            place = path.child("group")
            route.put(place, POOL_GROUP, route.converted(place))


def _backend_references(route: Child) -> Iterator[FieldPath]:
    """The paths of all backend references of an HTTPRoute."""
    for number, rule in enumerate(route.get(SPEC.child("rules")) or []):
        at = SPEC.child("rules", number)
        holders = [(at, rule)]
        for index, reference in enumerate(rule.get("backendRefs") or []):
            yield at.child("backendRefs", index)
            holders.append((at.child("backendRefs", index), reference))
        for holder, value in holders:
            for index, entry in enumerate(value.get("filters") or []):
                if (entry.get("requestMirror") or {}).get("backendRef"):
                    yield holder.child("filters", index, "requestMirror", "backendRef")


def _check_references(children: Sequence[Child], context: BuildContext) -> None:
    """Report references of the route to the plan's pool that name a group it is not in."""
    found = {child.key: child for child in children}
    route, pool = found.get("httpRoute"), found.get("inferencePool")
    if route is None or pool is None:
        return
    group = pool.kind.api_version.partition("/")[0]
    for path in _backend_references(route):
        reference = route.get(path)
        if reference.get("kind") != "InferencePool" or reference.get("group", "") == group:
            continue
        if reference.get("name") == pool.manifest["metadata"]["name"]:
            place = path.child("group")
            context.diagnostics.warning(
                "backend-group-mismatch",
                f'the route refers to an InferencePool of "{reference.get("group", "")}", '
                f'the pool is one of "{group}"',
                field=route.field(place),
                span=route.origin(place).span,
                help=f"write group: {group}",
            )


def _convert_endpoint_picker(child: Child, context: BuildContext) -> None:
    """Point the endpoint picker at pools of v1; its default is that group already."""
    for here in pickers(child):
        image = here.image_place
        if here.known is not None and here.known.refuses("pool-group"):
            context.diagnostics.warning(
                "endpoint-picker-too-old",
                f"the endpoint picker {child.get(image)} watches v1alpha2 pools only",
                field=child.field(image),
                span=child.origin(image).span,
                help="use llm-d-inference-scheduler v0.3 or later, or --inference-api v1alpha2",
            )
    for path in containers(child):
        told = GoContainer.of(child, path).last("pool-group")
        if told is not None and OLD_GROUP in (word := child.get(told.value_place)):
            place = told.value_place
            child.put(place, word.replace(OLD_GROUP, POOL_GROUP), child.converted(place))
