"""``make up`` and ``make down``: samples/facebook through Pulumi, on your cluster or a local one.

The cluster that KUBECONFIG names is used if it can be reached; otherwise the local control plane.
``make test`` has all tools built by ``tools``.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from msvc_pulumi import local
from msvc_pulumi.cli import diagnostics
from msvc_pulumi.cluster import Cluster, ClusterError, Patience
from msvc_pulumi.engine.tools.plugins import KUBERNETES, installed
from msvc_pulumi.engine.tools.programs import TOOLS
from msvc_pulumi.engine.tools.toolchain import custom_resource_definitions, find_or_build_all
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.local.components import COMPONENTS
from msvc_pulumi.local.requirements import require
from msvc_pulumi.progress import Display

ROOT = Path(__file__).resolve().parents[1]
LABEL = "llm-d.ai/inferenceServing=true"
PATIENCE = 300.0  # seconds that a cluster may need for an answer
READY = "1800"  # seconds that pods may take, on a machine that builds something beside


def say(line: str) -> None:
    print(line, flush=True)


def connect(kubeconfig: Path | None = None, *, absent: float = 0.0) -> Cluster:
    return Cluster.connect(kubeconfig, patience=Patience(PATIENCE, say, absent=absent))


def reachable() -> bool:
    """Whether KUBECONFIG names a cluster that answers; says why not."""
    if not os.environ.get("KUBECONFIG"):
        return False
    try:
        with connect() as cluster:
            cluster.get("v1", "Namespace", "default")
    except ClusterError as error:
        say(f"KUBECONFIG is set but cannot be used ({error}); using the local control plane")
        return False
    return True


def msvc(environment: Mapping[str, str], *arguments: str) -> None:
    """Run msvc in the project; its failure ends this program with its exit code."""
    command = [sys.executable, "-m", "msvc_pulumi", *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def engine() -> tuple[str, ...]:
    """Pulumi, and its Kubernetes plugin unless that is there or Pulumi will fetch it."""
    is_installed = shutil.which("pulumi") or installed(KUBERNETES, Path("pulumi"), os.environ)
    return ("pulumi",) if is_installed else ("pulumi", KUBERNETES)


def up() -> None:
    began = monotonic()
    environment = dict(os.environ)
    display = Display.standard()
    if reachable():
        # What is on PATH or built is used, and only what is missing is built.
        find_or_build_all(*engine(), progress=display)
        kubeconfig = os.environ["KUBECONFIG"]
    else:
        require(local.default_directory())
        find_or_build_all(*engine(), *COMPONENTS, progress=display)
        kubeconfig = str(local.up(progress=display).kubeconfig.absolute())
        environment["KUBECONFIG"] = kubeconfig
    msvc(environment, "up", "--wait", READY)
    say("")
    msvc(environment, "pulumi", "stack", "--stack", "dev")
    show_pods(environment)
    say(f"\nready after {monotonic() - began:.0f} s; next, to paste:\n")
    for line in following(kubeconfig):
        say(f"  {line}")


def following(kubeconfig: str) -> list[str]:
    """Lines for a shell in any folder: where the cluster is, and three commands."""
    program = shlex.quote(str(Path(sys.executable).with_name("msvc")))
    kubectl = "get deployments,services,httproutes,inferencepools,serviceaccounts"
    look = f"kubectl {kubectl}" if shutil.which("kubectl") else f"{program} diff samples/facebook"
    files = (Path(entry).absolute() for entry in kubeconfig.split(os.pathsep))
    return [
        f"export KUBECONFIG={shlex.quote(os.pathsep.join(map(str, files)))}",
        f"cd {shlex.quote(str(ROOT))}",
        f"{look}    # what runs now",
        f"{program} preview    # what an edit of samples/facebook would change",
        "make down    # remove all of it",
    ]


def show_pods(environment: Mapping[str, str]) -> None:
    """Print on which node each prefill and decode pod runs, and what GPU that node has."""
    os.environ["KUBECONFIG"] = environment["KUBECONFIG"]
    with connect() as cluster:
        pods, _ = cluster.list("v1", "Pod", labels=LABEL)
        nodes = {node["metadata"]["name"]: node for node in cluster.list("v1", "Node")[0]}
    say("\npods:")
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        node = pod["spec"].get("nodeName", "")
        labels = nodes.get(node, {}).get("metadata", {}).get("labels", {})
        gpu = labels.get("nvidia.com/gpu.product", "no GPU label")
        say(f"  {pod['metadata']['name']}  on {node or 'no node yet'} ({gpu})")


def down() -> None:
    environment = dict(os.environ)
    status = local.status()
    if reachable():
        msvc(environment, "destroy")
    elif status.running:
        environment["KUBECONFIG"] = str(local.up().kubeconfig)
        msvc(environment, "destroy")
    else:
        say("nothing runs")
    if status.running:
        local.down()


def tools() -> None:
    """Everything that the tests run, found or built: told of here, not inside of a test."""
    display = Display.standard()
    find_or_build_all(*TOOLS, progress=display)
    custom_resource_definitions(progress=display)


if __name__ == "__main__":
    try:
        {"up": up, "down": down, "tools": tools}[sys.argv[1]]()
    except ModelServiceError as error:
        diagnostics.show(error.diagnostics, None)
        sys.exit(getattr(error, "exit_code", 1))
    except KeyboardInterrupt:
        sys.exit(130)
