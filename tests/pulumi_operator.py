"""The Pulumi Kubernetes Operator's side of a Stack, played by a test: it writes what that writes.

Facts: ``operator/internal/controller/pulumi/stack_controller.go`` of its version 2.9.0.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml
from accounts import account_kubeconfig
from services import eventually, is_established

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.operator.pko.names import AUTO, REQUEST, STACK

__all__ = ["CRDS", "PulumiOperator", "Workspace", "install_definitions"]

ROOT = Path(__file__).resolve().parents[1]
CRDS = Path(os.environ.get("MSVC_SHARED", ROOT.parent / "shared")) / "crds"
FINALIZER = "finalizer.stack.pulumi.com"
MANAGER = "pulumi-kubernetes-operator/status"
DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


class PulumiOperator:
    """Writes about one Stack what the real operator writes. Each method is one of its steps."""

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        self.cluster, self.namespace, self.name = cluster, namespace, name
        self._updates = 0

    @property
    def stack(self) -> dict[str, Any]:
        found = self.cluster.get(*STACK, self.name, self.namespace)
        assert found is not None
        return found

    @property
    def request(self) -> str:
        return str(self.stack["metadata"]["annotations"][REQUEST])

    def await_request(self, other_than: str = "") -> str:
        """The request, as soon as there is one that is not ``other_than``; it is observed."""
        eventually(lambda: self.cluster.get(*STACK, self.name, self.namespace))
        eventually(lambda: self.request != other_than)
        # Adding its finalizer, it loses what it was about to write down of a new Stack.
        self._write(observed=not self._hold())
        return self.request

    def begin(self, *, lost: bool = False) -> str:
        """The name of an Update that runs now; a lost one is in the status only."""
        self._updates += 1
        update = f"{self.name}-{self._updates:x}"
        if not lost:
            self.cluster.create(
                {
                    "apiVersion": AUTO,
                    "kind": "Update",
                    "metadata": {"name": update, "namespace": self.namespace},
                    "spec": {"workspaceName": self.name, "stackName": "s", "type": "up"},
                }
            )
        metadata = self.stack["metadata"]
        current = {
            "name": update,
            "generation": metadata["generation"],
            "reconcileRequest": self.request,
        }
        self._write(currentUpdate=current)
        return update

    def succeed(self, outputs: dict[str, Any]) -> None:
        """The update that runs has succeeded."""
        self._end("succeeded", "up", outputs=outputs)

    def fail(self, message: str, *, kind: str = "up", failures: int = 0) -> None:
        """The update that runs has failed, after ``failures`` others for the same request."""
        condition = None
        if failures >= 3:
            text = f"{kind} failed {failures} times; not retrying until the spec or source changes"
            condition = ("Stalled", "UpdateFailed", text)
        self._end("failed", kind, message=message, failures=failures, condition=condition)

    def stall(self, reason: str, message: str) -> None:
        """It has given up, for a reason that is none of an update's."""
        self._write(condition=("Stalled", reason, message))

    def workspace(self, reason: str, message: str) -> None:
        """There is a Workspace that is not ready, and its status says why."""
        metadata = {"name": self.name, "namespace": self.namespace}
        body = {"apiVersion": AUTO, "kind": "Workspace", "metadata": metadata}
        self.cluster.apply({**body, "spec": {}}, field_manager=MANAGER, force=True)
        condition = _condition("Ready", reason, message, "False")
        status = {"status": {"conditions": [condition]}}
        self.cluster.apply({**body, **status}, field_manager=MANAGER, subresource="status")

    def finalize(self) -> None:
        """What it made is destroyed, or was to stay: the Stack may go."""
        body = {"metadata": {"finalizers": None}}
        self.cluster.patch(*STACK, self.name, self.namespace, body=body)

    def _hold(self) -> bool:
        """Whether it had to add its finalizer."""
        if FINALIZER in (self.stack["metadata"].get("finalizers") or ()):
            return False
        body = {"metadata": {"finalizers": [FINALIZER]}}
        self.cluster.patch(*STACK, self.name, self.namespace, body=body)
        return True

    def _end(
        self,
        state: str,
        kind: str,
        *,
        message: str = "",
        failures: int = 0,
        outputs: dict[str, Any] | None = None,
        condition: tuple[str, str, str] | None = None,
    ) -> None:
        current = self.stack["status"]["currentUpdate"]
        last = {
            "generation": current["generation"],
            "reconcileRequest": current["reconcileRequest"],
            "name": current["name"],
            "type": kind,
            "state": state,
            "message": message,
            "failures": failures,
        }
        kept = {"outputs": outputs} if outputs is not None else {}
        ready = ("Ready", "ProcessingCompleted", "")
        other = ("Reconciling", "RetryingAfterFailure", f"{failures} update failure(s)")
        condition = condition or (ready if state == "succeeded" else other)
        self._write(lastUpdate=last, condition=condition, **kept)

    def _write(
        self,
        *,
        condition: tuple[str, str, str] | None = None,
        observed: bool = True,
        **fields: Any,
    ) -> None:
        """Server-side apply of the whole status; what is not stated any more is removed."""
        stack = self.stack
        before = stack.get("status") or {}
        condition = condition or ("Reconciling", "StackProcessing", "processing")
        status = {
            "observedGeneration": stack["metadata"]["generation"] if observed else 0,
            "observedReconcileRequest": self.request if observed else "",
            "conditions": [_condition(*condition)],
            **{key: before[key] for key in ("lastUpdate", "outputs") if key in before},
            **fields,
        }
        manifest = {
            "apiVersion": STACK[0],
            "kind": STACK[1],
            "metadata": {"name": self.name, "namespace": self.namespace},
            "status": status,
        }
        self.cluster.apply(manifest, field_manager=MANAGER, force=True, subresource="status")


class Workspace:
    """A workspace's `pulumi up`, by the real engine, as the ServiceAccount that the Stack names."""

    def __init__(self, session: Session, cluster: Cluster, kubeconfig: Path, folder: Path) -> None:
        self._session, self._cluster = session, cluster
        self._kubeconfig, self._folder = kubeconfig, folder

    def up(self, stack: dict[str, Any]) -> dict[str, Any]:
        """The outputs of one update, in the environment that the Stack's spec describes."""
        self._run(stack, "stack", "select", "--create", stack["spec"]["stack"])
        flags = ["--refresh"] if stack["spec"].get("refresh") else []
        self._run(stack, "up", "--yes", "--skip-preview", *flags)
        return dict(json.loads(self._run(stack, "stack", "output", "--json")))

    def destroy(self, stack: dict[str, Any]) -> None:
        self._run(stack, "destroy", "--yes", "--skip-preview", "--remove")

    def _run(self, stack: dict[str, Any], *arguments: str) -> str:
        metadata, spec = stack["metadata"], stack["spec"]
        work, state = self._folder / metadata["name"], self._folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        if not work.exists():
            shutil.copytree(ROOT / "workspace", work)
        account = self._folder / "kubeconfig"
        if not account.exists():
            name = spec["serviceAccountName"]
            account_kubeconfig(
                self._cluster, self._kubeconfig, metadata["namespace"], name, account
            )
        passphrase = spec["envRefs"]["PULUMI_CONFIG_PASSPHRASE"]["secret"]
        secret = self._cluster.get("v1", "Secret", passphrase["name"], metadata["namespace"])
        assert secret is not None
        stated = {
            name: reference["literal"]["value"]
            for name, reference in spec["envRefs"].items()
            if reference["type"] == "Literal"
        }
        environment = {
            **self._session.stack("any").variables,
            **stated,
            "HOME": str(self._folder),
            "PULUMI_HOME": str(self._folder / "home"),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": secret["data"][passphrase["key"]],
            "KUBECONFIG": str(account),
        }
        done = subprocess.run(
            [self._session.pulumi, *arguments, "--non-interactive"],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def install_definitions(cluster: Cluster) -> None:
    """The cluster serves Stacks, Workspaces and Updates."""
    names = []
    for file in sorted(CRDS.glob("*.yaml")):
        manifest = yaml.safe_load(file.read_text())
        cluster.apply(manifest, force=True)
        names.append(manifest["metadata"]["name"])
    for name in names:
        cluster.wait(*DEFINITION, name, until=is_established, timeout=300)


def _condition(kind: str, reason: str, message: str, status: str = "True") -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
