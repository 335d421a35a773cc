"""What a program reads of the cluster: `cluster_inputs`, `cluster_capabilities`, `served_kinds`."""

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND, base_config_of, stated
from msvc_pulumi.document.inputs import Inputs
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, FieldPath, LoadError, ModelServiceError
from msvc_pulumi.target.capabilities import Capabilities

__all__ = ["cluster_capabilities", "cluster_inputs", "served_kinds"]


def cluster_capabilities() -> Capabilities | None:
    """The optional kinds that the cluster serves, or None if it does not tell."""
    try:
        with Cluster.connect() as cluster:
            return Capabilities.discover(cluster.serves)
    except ModelServiceError:  # without httpx too; the Kubernetes plugin will say what is wrong
        return None


def served_kinds() -> list[str] | None:
    """The argument ``capabilities`` for the cluster of the current kubeconfig context: which of
    the kinds it may lack it serves; None if it does not tell.

    A ModelService does not ask by itself: the kubeconfig of its provider may be the output of
    another resource, and what gets declared cannot wait for that.
    """
    served = cluster_capabilities()
    if served is None:
        return None
    return sorted(f"{kind.api_version}/{kind.kind}" for kind in served.kinds)


def cluster_inputs(namespace: str, names: list[str]) -> Inputs:
    """The ModelServices of ``namespace`` (all if empty) with the ConfigMaps they refer to.

    ``names`` are those wanted, each ``name`` or ``namespace/name``; none means all.

    Raises:
        ClusterError: the cluster cannot be read.
        LoadError: a wanted ModelService is not there.
    """
    with Cluster.connect() as cluster:
        found, _ = cluster.list(API_VERSION, KIND, namespace or None)
        services = [item for item in found if not names or _matches(item, names)]
        missing = [name for name in names if not any(_matches(item, [name]) for item in found)]
        if missing:
            raise LoadError([_absent(name) for name in missing])
        base_configs = {}
        for service in services:
            reference = base_config_of(service)
            if reference is not None and reference not in base_configs:
                space, name = reference
                base_configs[reference] = cluster.get("v1", "ConfigMap", name, space)
    return Inputs(
        tuple(_document(KIND, item) for item in services),
        tuple(_document("ConfigMap", item) for item in base_configs.values() if item),
    )


def _matches(item: dict, names: list[str]) -> bool:  # type: ignore[type-arg]
    metadata = item["metadata"]
    return not {metadata["name"], f"{metadata['namespace']}/{metadata['name']}"}.isdisjoint(names)


def _document(kind: str, item: dict) -> Document:  # type: ignore[type-arg]
    metadata = item["metadata"]
    return Document.of(stated(item), f"{kind} {metadata['namespace']}/{metadata['name']}")


def _absent(name: str) -> Diagnostic:
    return Diagnostic(
        "model-service-not-found",
        f'the cluster has no ModelService "{name}"',
        field=FieldPath.of("modelservice:modelServices"),
        help="kubectl get modelservices --all-namespaces",
    )
