"""The programs this project can build for itself and the CustomResourceDefinitions it can fetch.

`TOOLS` and `CRD_SETS` say what is made from which module; versions are in ``tools/*/go.mod`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CRD_SETS",
    "GIGABYTE",
    "KUBERNETES_PLUGIN_VERSION",
    "TOOLS",
    "Tool",
]

GIGABYTE = 1 << 30

KUBERNETES_STAMPS = tuple(
    f"{package}.{variable}"
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    for variable in ("gitVersion={version}", "gitMajor={major}", "gitMinor={minor}")
)


KUBERNETES_PLUGIN = "github.com/pulumi/pulumi-kubernetes/provider/v4"
# The commit that go.mod pins is the tag v4.25.0, which is no version of the module. The engine asks
# for the SDK's version or a later one, else it warns in each run, and ignores what is after the +.
KUBERNETES_SDK_VERSION = "4.34.2"
KUBERNETES_PLUGIN_VERSION = f"{KUBERNETES_SDK_VERSION}+module.4.25.0"


@dataclass(frozen=True, slots=True)
class Tool:
    """One program and how Go makes it."""

    name: str
    folder: str
    """Folder of its go.mod below ``tools/``."""
    module: str
    """The module whose version is the program's version."""
    package: str
    """Import path of its main package; "." is one of our own in ``folder``."""
    stamps: tuple[str, ...] = ()
    """Linker assignments ``variable=value``; {version}, {major} and {minor} are filled in."""
    assets: tuple[str, ...] = ()
    """Files of ``module`` that are kept beside the program."""
    size: int = GIGABYTE
    """Bytes that building it takes, Go's build cache included."""
    cost: float = 140.0
    """Processor seconds that compiling and linking all of it took once; what is expected here is
    reckoned from it (`BuildTimes`)."""
    from_path: bool = False
    """Whether a program of this name on PATH is preferred."""
    instead: str = ""
    """Another way to get it."""


def _kubernetes(name: str, *, cost: float, from_path: bool = False, instead: str = "") -> Tool:
    return Tool(
        name,
        "kubernetes",
        "k8s.io/kubernetes",
        f"k8s.io/kubernetes/cmd/{name}",
        stamps=KUBERNETES_STAMPS,
        size=3 * GIGABYTE,
        cost=cost,
        from_path=from_path,
        instead=instead,
    )


def _picker(generation: str) -> Tool:
    extension = "sigs.k8s.io/gateway-api-inference-extension"
    return Tool(
        f"endpoint-picker-{generation}",
        f"picker-{generation}",
        extension,
        f"{extension}/cmd/epp",
        cost=135.0,
    )


KWOK_STAGES = "kustomize/stage"

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "pulumi",
            "pulumi",
            "github.com/pulumi/pulumi/pkg/v3",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            stamps=("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",),
            size=3 * GIGABYTE,
            cost=280.0,
            from_path=True,
            instead="install Pulumi (https://www.pulumi.com/docs/install/)",
        ),
        Tool(
            "pulumi-resource-kubernetes",
            "kubernetes-provider",
            KUBERNETES_PLUGIN,
            ".",
            stamps=(f"{KUBERNETES_PLUGIN}/pkg/version.Version={KUBERNETES_PLUGIN_VERSION}",),
            assets=tuple(
                f"cmd/pulumi-resource-kubernetes/{name}.json"
                for name in ("schema", "terraform-mapping")
            ),
            size=3 * GIGABYTE,
            cost=700.0,
            instead="install Pulumi (https://www.pulumi.com/docs/install/) and run `pulumi plugin "
            f"install resource kubernetes {KUBERNETES_SDK_VERSION}`",
        ),
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3", cost=65.0),
        _kubernetes("kube-apiserver", cost=330.0),
        _kubernetes("kube-controller-manager", cost=330.0),
        _kubernetes("kube-scheduler", cost=220.0),
        _kubernetes(
            "kubectl",
            cost=150.0,
            from_path=True,
            instead="install kubectl (https://kubernetes.io/docs/tasks/tools/)",
        ),
        Tool(
            "kwok",
            "kwok",
            "sigs.k8s.io/kwok",
            "sigs.k8s.io/kwok/cmd/kwok",
            cost=200.0,
            assets=tuple(
                f"{KWOK_STAGES}/{stage}.yaml"
                for stage in (
                    "node/fast/node-initialize",
                    "node/heartbeat-with-lease/node-heartbeat-with-lease",
                    "pod/fast/pod-ready",
                    "pod/fast/pod-complete",
                    "pod/fast/pod-delete",
                    "volume/fast/pv-bind",
                    "volume/fast/pv-delete",
                    "volume/fast/pvc-provision",
                    "volume/fast/pvc-delete",
                )
            ),
        ),
        # An S3 server; only tests ask for it.
        Tool(
            "versitygw",
            "s3-server",
            "github.com/versity/versitygw",
            "github.com/versity/versitygw/cmd/versitygw",
            cost=85.0,
        ),
        # What runs beside us in a user's cluster: real endpoint pickers, one of each generation of
        # the Inference Extension, and a model server without accelerators. Only tests ask for them.
        _picker("v1alpha2"),
        _picker("v1"),
        Tool(
            "model-server-simulator",
            "simulator",
            "github.com/llm-d/llm-d-inference-sim",
            "github.com/llm-d/llm-d-inference-sim/cmd/llm-d-inference-sim",
            cost=190.0,
        ),
        # Only tests ask for them: of Pulumi's language hosts this one alone is a module, and what
        # makes SDKs is a library.
        Tool(
            "pulumi-language-yaml",
            "yaml-host",
            "github.com/pulumi/pulumi-yaml",
            "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
            stamps=("github.com/pulumi/pulumi-yaml/pkg/version.Version={version}",),
            cost=45.0,
        ),
        Tool(
            "pulumi-sdk-generator",
            "sdk-generator",
            "github.com/pulumi/pulumi/pkg/v3",
            ".",
            cost=8.0,
        ),
    )
}
"""Every program that can be asked for."""

CRD_SETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "gateway-api": (
        "sigs.k8s.io/gateway-api",
        ("config/crd/standard/gateway.networking.k8s.io_*.yaml",),
    ),
    "inference-extension-v1alpha2": (
        "msvc-pulumi.dev/inference-extension-v1alpha2",
        ("config/crd/bases/*.yaml",),
    ),
    # Without its own copy of the v1alpha2 pool, which would displace the one above.
    "inference-extension-v1": (
        "sigs.k8s.io/gateway-api-inference-extension",
        (
            "config/crd/bases/inference.networking.k8s.io_inferencepools.yaml",
            "config/crd/bases/inference.networking.x-k8s.io_inferenceobjectives.yaml",
            "config/crd/bases/inference.networking.x-k8s.io_inferencemodelrewrites.yaml",
        ),
    ),
    "leader-worker-set": ("sigs.k8s.io/lws", ("config/crd/bases/*.yaml",)),
    "keda": ("github.com/kedacore/keda/v2", ("config/crd/bases/keda.sh_*.yaml",)),
}
"""Name of a set of CustomResourceDefinitions → module in ``tools/crds/go.mod`` and its files."""
