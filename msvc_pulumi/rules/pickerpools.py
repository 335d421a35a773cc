"""Whether an endpoint picker looks for the pool of its plan: by its name, in its namespace.

Facts: ``cmd/epp`` of the Gateway API Inference Extension v0.3 to v1.5 and of llm-d's picker. Who is
told no namespace looks into ``default``, from 1.1 on into the one that NAMESPACE says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msvc_pulumi.children.gocontainer import GoContainer, Told
from msvc_pulumi.children.pickerflags import flags, pickers
from msvc_pulumi.commandline.goprograms import Candidates
from msvc_pulumi.commandline.invocation import script_of
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.pattern import pattern
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import Finding, Place, advice
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods

__all__ = ["lost_pools"]

NAME = FieldPath.of("metadata", "name")
CONTAINERS = FieldPath.of("spec", "template", "spec", "containers")
PICKERS = (("data", "eppDeployment"), ("spec", "endpointPicker"))  # where it is stated
DEFAULT = "default"
FIELD = "take $(NAMESPACE) from a variable with fieldRef metadata.namespace"
# Variables of the environment that say the namespace where no flag does, each by some releases.
NAMESPACE, POOL_NAMESPACE = "NAMESPACE", "POOL_NAMESPACE"
READS_NAMESPACE = "metrics-endpoint-auth"  # came with the release that reads NAMESPACE
_REFERENCE = pattern(r"\$\(([A-Za-z_][\w.-]*)\)")
_OF_SERVICES = pattern(r"\w+_(SERVICE_HOST|SERVICE_PORT\w*|PORT\w*)")


def lost_pools(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """Warnings of a picker of the plan that looks for another pool than the plan's, or nowhere."""
    found = {planned.key: planned for planned in plan}
    picker, pool = found.get("eppDeployment"), found.get("inferencePool")
    if picker is None:
        return
    told = flags(picker.child)
    here = next(pickers(picker.child), None)
    empty = list(_empty(plan, picker, told, here))
    yield from (placed(picker, finding) for finding in empty)
    if pool is None or here is None or here.known is None or here.is_open:
        return
    named = told.get("pool-name")
    if named is None:  # it ends at once, or finds pods without a pool
        return
    label: Place = (NAME, "the pool of this plan")
    name = NAME.find(pool.manifest)
    if _seen(named.value, here, plan.namespace) not in (None, name):
        finding = advice(
            named.value_place,
            "picker-pool-mismatch",
            f'the endpoint picker looks for the InferencePool "{named.value}", the pool of this '
            f'plan is "{name}": it is never ready',
            "write {{ .InferencePoolName }}",
        )
        yield placed(picker, finding, [(pool, label)])
    if not empty:
        for finding in _namespace(plan, here, here.known, told.get("pool-namespace")):
            yield placed(picker, finding)


def _empty(
    plan: Plan, picker: PlannedObject, told: Mapping[str, Told], here: GoContainer | None
) -> Iterator[Finding]:
    """A pool's namespace that is stated and empty: no release looks into its own one then."""
    stated = told.get("pool-namespace")
    if stated is None or stated.value or any(map(_is_said, plan.diagnostics)):
        return
    known = here.known if here else None
    if known is None or not known.refuses(READS_NAMESPACE):
        found = CONTAINERS.find(picker.manifest) or ()
        if any(map(_may_name_its_namespace, found)):
            return
        if plan.namespace == DEFAULT:
            return
    yield advice(
        stated.value_place,
        "empty-namespace",
        "the endpoint picker is told to look for its pool in no namespace: it finds none there and "
        "is never ready",
        f"write {{{{ .ModelServiceNamespace }}}} and state metadata.namespace or --namespace, or "
        f"{FIELD}",
    )


def _may_name_its_namespace(container: Mapping[str, Any]) -> bool:
    """Whether the environment says NAMESPACE, which later pickers read where they are told none."""
    return bool(container.get("envFrom")) or any(
        variable.get("name") == NAMESPACE and (variable.get("value") or "valueFrom" in variable)
        for variable in container.get("env") or ()
    )


def _is_said(known: Diagnostic) -> bool:
    """Whether a template of the picker's was found to print an empty namespace."""
    return known.code == "empty-namespace" and known.field[:2] in PICKERS


def _namespace(
    plan: Plan, here: GoContainer, known: Candidates, stated: Told | None
) -> Iterator[Finding]:
    """A namespace that is not the pool's, stated or by default."""
    if stated is not None and stated.value:
        seen = _seen(stated.value, here, plan.namespace)
        if seen is None or seen == plan.namespace:
            return
        missing = _REFERENCE.fullmatch(seen)
        if missing is not None:
            summary = f'is no variable of the container, so that "{seen}" itself is the namespace'
            yield advice(
                stated.value_place,
                "picker-pool-mismatch",
                f"{missing[1]} {summary} that the endpoint picker looks into for its pool: it is "
                "never ready",
                f"state the variable {missing[1]} with fieldRef metadata.namespace",
            )
        elif plan.namespace:
            yield advice(
                stated.value_place,
                "picker-pool-mismatch",
                _elsewhere(seen, plan.namespace),
                _written(),
            )
        return
    seen = _by_default(here, known, plan.namespace)
    if seen is None or not plan.namespace or seen == plan.namespace:
        return
    flag = "poolNamespace" if known.refuses("pool-namespace") else "pool-namespace"
    place = here.path.child("image") if stated is None else stated.value_place
    yield advice(
        place,
        "picker-pool-mismatch",
        _elsewhere(seen, plan.namespace),
        f"add --{flag}={{{{ .ModelServiceNamespace }}}}",
    )


def _elsewhere(seen: str, namespace: str) -> str:
    return (
        f'the endpoint picker looks for its pool in namespace "{seen}", the pool is in '
        f'"{namespace}": it is never ready'
    )


def _written() -> str:
    return f"write {{{{ .ModelServiceNamespace }}}}, or {FIELD}"


def _by_default(here: GoContainer, known: Candidates, namespace: str) -> str | None:
    """Where a picker looks that is told nothing; None where that is not to be known."""
    container = here.container
    said = {variable.get("name"): variable for variable in container.get("env") or ()}
    if container.get("envFrom") or POOL_NAMESPACE in said:
        return None
    if NAMESPACE not in said or known.refuses(READS_NAMESPACE):
        return DEFAULT
    if not known.takes(READS_NAMESPACE):
        return None
    return _seen(f"$({NAMESPACE})", here, namespace) or None


def _seen(text: str, here: GoContainer, namespace: str) -> str | None:
    """``text`` as the program gets it; None where that is not to be known."""
    container = here.container
    said = {variable.get("name"): variable for variable in container.get("env") or ()}
    if "$" not in text:
        return text
    found = _REFERENCE.fullmatch(text)
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    if found is None or script_of(words) is not None:
        return None
    variable = said.get(found[1])
    if variable is None:
        is_given = container.get("envFrom") or _OF_SERVICES.fullmatch(found[1])
        return None if is_given else text
    field = ((variable.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
    if field == "metadata.namespace":
        return namespace or None
    value: str | None = variable.get("value")
    return None if value is None or "$" in value else value
