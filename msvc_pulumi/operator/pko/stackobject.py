"""`stack_object`: the Stack of a ModelService. Only its annotations differ from run to run.

A change of the spec that reaches the Workspace would replace the workspace's pod; the annotation
`REQUEST` starts an update in the pod that runs. ``refresh`` does not reach the Workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msvc_pulumi.components.clusterplan import options_to_json
from msvc_pulumi.components.workspace import COPY, NAME, NAMESPACE, OPTIONS
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.names import (
    LABELS,
    MODEL_SERVICE,
    REQUEST,
    STACK,
    Names,
    account_of,
)
from msvc_pulumi.operator.pko.settings import WorkspaceSettings

__all__ = ["PASSPHRASE", "PROGRAM", "USER", "stack_object"]

Object = dict[str, Any]

USER = 1000  # whom Pulumi's operator runs workspaces as, unless told otherwise
PROGRAM = "/opt/modelservice"
"""Where the image has the program (Dockerfile)."""
SHARE, STATE = "/share", "/state"
UID = "llm-d.ai/modelservice-uid"
"""Annotation of a Stack, for whoever looks for the ModelService that it was made for."""
PASSPHRASE = "passphrase"  # noqa: S105  the key in the Secret
RETRY_LONGEST = 60  # seconds between tries of Pulumi's operator, of which there are three
ENVIRONMENT = {
    "HOME": SHARE,  # the user has no entry in the image's passwd
    "PULUMI_HOME": f"{SHARE}/pulumi",
    "PIP_NO_INDEX": "1",  # `pulumi install` finds everything in the image
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    # A run that was killed may have made objects that no checkpoint knows: take them over.
    "PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true",
    "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
    "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true",
    "PULUMI_K8S_CLIENT_QPS": "500",
    "PULUMI_K8S_CLIENT_BURST": "1000",
}
RESOURCES = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
# The engine encrypts a debug log of each run, unless it cannot make the folder for it; it keeps a
# copy of the state for each update ever made.
PREPARE = (
    f"mkdir -p {SHARE}/workspace $PULUMI_HOME && touch $PULUMI_HOME/logs && "
    f"cp -R {PROGRAM}/. {SHARE}/workspace/ && rm -rf {STATE}/.pulumi/history"
)


def stack_object(
    key: Key, owner_uid: str, request: str, settings: WorkspaceSettings, *, refresh: bool = False
) -> Object:
    """The Stack, whose update is asked for by ``request``.

    Its ModelService, of ``owner_uid``, is in another namespace: no owner reference can name it.
    """
    names = Names(key)
    variables = {
        **ENVIRONMENT,
        NAMESPACE: key.namespace,
        NAME: key.name,
        OPTIONS: options_to_json(settings.plan),
        COPY: f"{settings.namespace}/{names.stack}",
    }
    references: Object = {
        name: {"type": "Literal", "literal": {"value": value}} for name, value in variables.items()
    }
    references["PULUMI_CONFIG_PASSPHRASE"] = {
        "type": "Secret",
        "secret": {"name": names.stack, "key": PASSPHRASE},
    }
    return {
        "apiVersion": STACK[0],
        "kind": STACK[1],
        "metadata": {
            "name": names.stack,
            "namespace": settings.namespace,
            "labels": LABELS,
            "annotations": {MODEL_SERVICE: str(key), UID: owner_uid, REQUEST: request},
        },
        "spec": {
            "stack": names.engine_stack,
            "serviceAccountName": settings.service_account or account_of(key.namespace),
            "backend": settings.backend or f"file://{STATE}",
            "secretsProvider": "passphrase",
            "destroyOnFinalize": True,
            "refresh": refresh,
            "retryMaxBackoffDurationSeconds": RETRY_LONGEST,
            "updateTemplate": {
                "spec": {"ttlAfterCompleted": "10m", "continueOnError": True, "remove": True}
            },
            "envRefs": references,
            **(
                {"envSecrets": [settings.environment_secret]} if settings.environment_secret else {}
            ),
            "workspaceTemplate": {
                "spec": {
                    "image": settings.image,
                    "imagePullPolicy": "IfNotPresent",
                    "securityProfile": "restricted",
                    "resources": RESOURCES,
                    "podTemplate": {"spec": _pod(names, settings)},
                }
            },
        },
    }


def _pod(names: Names, settings: WorkspaceSettings) -> Object:
    """What is merged into the pod that Pulumi's operator makes."""
    program: Object = {
        "name": "program",
        "image": settings.image,
        "command": ["sh", "-c", PREPARE],
        "env": [{"name": "PULUMI_HOME", "value": ENVIRONMENT["PULUMI_HOME"]}],
        "volumeMounts": [{"name": "share", "mountPath": SHARE}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    container: Object = {"name": "pulumi", "lifecycle": _unlocked(names)}
    pod: Object = {
        "securityContext": {"fsGroup": USER, "fsGroupChangePolicy": "OnRootMismatch"},
        "initContainers": [program],
        "containers": [container],
        **settings.pod,
    }
    if not settings.backend:
        mount = {"name": "state", "mountPath": STATE}
        program["volumeMounts"].append(mount)
        container["volumeMounts"] = [mount]
        claim: Mapping[str, Any] = {"claimName": names.stack}
        pod["volumes"] = [{"name": "state", "persistentVolumeClaim": claim}]
    return pod


def _unlocked(names: Names) -> Object:
    """Runs whenever the container starts, also again in the same pod: frees an orphan's lock.

    Nobody else runs this stack, so a lock that is there by then belongs to nobody.
    """
    cancel = f"cd {SHARE}/workspace && pulumi cancel --yes --stack {names.engine_stack} || true"
    return {"postStart": {"exec": {"command": ["sh", "-c", cancel]}}}
