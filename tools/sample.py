"""``make up`` and ``make down``: samples/facebook through Pulumi, on your cluster or a local one.

The cluster that KUBECONFIG names is used if it can be reached; otherwise the local control plane.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from msvc_pulumi import local
from msvc_pulumi.cli import diagnostics
from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.errors import ModelServiceError

ROOT = Path(__file__).resolve().parents[1]
LABEL = "llm-d.ai/inferenceServing=true"
NEXT = """
Try next{export}:
  kubectl get deploy,svc,httproute,inferencepool,inferencemodel,sa,rolebinding
  {msvc} preview      what an edit of samples/facebook/msvc.yaml would change
  {msvc} up           apply it
  {msvc} generate -m samples/facebook --provenance
  make down                    remove all of it
"""


def say(line: str) -> None:
    print(line, flush=True)


def reachable() -> bool:
    """Whether KUBECONFIG names a cluster that answers; says why not."""
    if not os.environ.get("KUBECONFIG"):
        return False
    try:
        with Cluster.connect() as cluster:
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


def up() -> None:
    started = time.monotonic()
    environment = dict(os.environ)
    export = ""
    if not reachable():
        status = local.up()
        environment["KUBECONFIG"] = str(status.kubeconfig)
        export = f" (export KUBECONFIG={status.kubeconfig})"
    msvc(environment, "up", "--wait")
    say("")
    msvc(environment, "pulumi", "stack", "--stack", "dev")
    show_pods(Path(environment["KUBECONFIG"]))
    program = os.path.relpath(Path(sys.executable).with_name("msvc"))
    say(f"\nready after {time.monotonic() - started:.0f} s")
    say(NEXT.format(export=export, msvc=program))


def show_pods(kubeconfig: Path) -> None:
    """Print on which node each prefill and decode pod runs, and what GPU that node has."""
    with Cluster.connect(kubeconfig) as cluster:
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


if __name__ == "__main__":
    try:
        {"up": up, "down": down}[sys.argv[1]]()
    except ModelServiceError as error:
        diagnostics.show(error.diagnostics, None)
        sys.exit(getattr(error, "exit_code", 1))
    except KeyboardInterrupt:
        sys.exit(130)
