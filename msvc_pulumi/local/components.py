"""The components of the local control plane and their command lines, in the order they start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msvc_pulumi.engine.tools.programs import TOOLS
from msvc_pulumi.local.nodes import MANAGED

__all__ = ["AUDIT_POLICY", "COMPONENTS", "Layout", "command", "stages"]

COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")

# etcd listens on sockets in the plane's own folder: no other user gets at it, no port is used.
# Relative names stay below the ~100 bytes that the path of a socket may have.
ETCD_CLIENT, ETCD_PEER = "unix://client.etcd:1", "unix://peer.etcd:1"

# Who asked for what, and how it ended; without contents and without the reading of leases and the
# like by the components themselves. A watch counts when it begins.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  userGroups: ["system:masters"]
  verbs: [get, list, watch]
- level: Metadata
  omitStages: [RequestReceived]
"""

# At the default of 20 to 50 requests a second, deleting hundreds of objects lasts minutes.
REQUEST_RATE = ("--kube-api-qps=500", "--kube-api-burst=1000")


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one plane; ``root`` is private to its user."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens.csv"

    @property
    def certificate(self) -> Path:
        """Made by the API server when it first starts; it is its own authority."""
        return self.root / "certificates" / "apiserver.crt"

    @property
    def key(self) -> Path:
        """Belongs to `certificate`; signs service account tokens as well."""
        return self.root / "certificates" / "apiserver.key"

    @property
    def data(self) -> Path:
        return self.root / "etcd"

    @property
    def stages(self) -> Path:
        return self.root / "kwok.yaml"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def log(self, component: str) -> Path:
        return self.logs / f"{component}.log"

    @property
    def audit_policy(self) -> Path:
        """There only if the API server is to keep an audit log."""
        return self.root / "audit-policy.yaml"

    @property
    def audit(self) -> Path:
        """Every request to the API server, one JSON object a line."""
        return self.root / "audit.log"

    @property
    def contents(self) -> tuple[Path, ...]:
        """Everything that may be in ``root`` but the logs."""
        sockets = (self.root / url.removeprefix("unix://") for url in (ETCD_CLIENT, ETCD_PEER))
        files = (self.state, self.kubeconfig, self.tokens, self.data, self.stages)
        audits = (self.audit_policy, self.audit)
        return (*files, *audits, self.certificate.parent, *sockets)


def command(component: str, program: Path, layout: Layout, port: int) -> list[str]:
    """The command line, with at least one argument ``…=<path below layout.root>`` (see `find`)."""
    return [str(program), *_ARGUMENTS[component](layout, port)]


def stages(kwok: Path) -> str:
    """kwok's configuration: its own standard stages, which lie beside the program."""
    files = [kwok.parent / asset for asset in TOOLS["kwok"].assets]
    return "\n---\n".join(file.read_text(encoding="utf-8").strip() for file in files) + "\n"


def _etcd(layout: Layout, _port: int) -> list[str]:
    return [
        f"--data-dir={layout.data}",
        "--name=local",
        f"--listen-client-urls={ETCD_CLIENT}",
        f"--advertise-client-urls={ETCD_CLIENT}",
        f"--listen-peer-urls={ETCD_PEER}",
        f"--initial-advertise-peer-urls={ETCD_PEER}",
        f"--initial-cluster=local={ETCD_PEER}",
        "--unsafe-no-fsync",  # survives the end of the process, not of the machine
        "--log-level=warn",
    ]


def _apiserver(layout: Layout, port: int) -> list[str]:
    return [
        f"--etcd-servers={ETCD_CLIENT}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={layout.certificate.parent}",
        f"--token-auth-file={layout.tokens}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={layout.key}",
        f"--service-account-signing-key-file={layout.key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",  # a loopback address may not be an endpoint
        "--allow-privileged=true",
        "--profiling=false",
        *(_audit(layout) if layout.audit_policy.exists() else ()),
    ]


def _audit(layout: Layout) -> list[str]:
    return [
        f"--audit-policy-file={layout.audit_policy}",
        f"--audit-log-path={layout.audit}",
        "--audit-log-mode=blocking",  # who reads it sees every request that was answered
    ]


def _controller_manager(layout: Layout, _port: int) -> list[str]:
    return [
        f"--kubeconfig={layout.kubeconfig}",
        f"--root-ca-file={layout.certificate}",
        f"--service-account-private-key-file={layout.key}",
        "--leader-elect=false",
        "--secure-port=0",
        # On a busy or sleeping machine heartbeats come late; a node that failed once leaves its
        # pods unready for good.
        "--node-monitor-grace-period=1h",
        *REQUEST_RATE,
    ]


def _scheduler(layout: Layout, _port: int) -> list[str]:
    return [
        f"--kubeconfig={layout.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        *REQUEST_RATE,
    ]


def _kwok(layout: Layout, _port: int) -> list[str]:
    return [
        f"--kubeconfig={layout.kubeconfig}",
        f"--config={layout.stages}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector={'='.join(MANAGED)}",
        "--cidr=10.244.0.0/16",
        "--node-port=0",  # it would serve logs and exec on every address
        "--server-address=",
    ]


_ARGUMENTS = {
    "etcd": _etcd,
    "kube-apiserver": _apiserver,
    "kube-controller-manager": _controller_manager,
    "kube-scheduler": _scheduler,
    "kwok": _kwok,
}
