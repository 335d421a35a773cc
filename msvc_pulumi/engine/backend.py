"""Where stacks keep their state: `Backend.of` gives the user's own backend, or a folder of ours.

No account, no login and no question: a folder for each cluster, and a passphrase made once. The
folder depends on the cluster so that the state of a cluster that is gone is never taken for that of
the one that came after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.engine.tools.plugins import home

__all__ = ["Backend", "cluster_identity", "quiet_home", "state_directory"]

# Else the engine keeps attributes beside each file, and writes them in place: killed within that,
# it leaves a stack that it cannot read any more ("failed to load checkpoint: EOF").
PLAIN_FILES = "?metadata=skip"
PARALLEL = "PULUMI_DIY_BACKEND_PARALLEL"
# In a file of credentials under a key of the system's (PULUMI_CREDENTIAL_STORE).
ENCRYPTED = "$pulumiSecureStore"


def state_directory(environment: Mapping[str, str]) -> Path:
    """The folder of everything that must outlive a run."""
    root = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(root) / "msvc-pulumi"


def cluster_identity(cluster: Cluster) -> str:
    """A short name that stays the same for a cluster's whole life, and no other cluster has.

    Raises:
        ClusterError: the cluster does not answer.
    """
    try:
        found = cluster.get("v1", "Namespace", "kube-system")
        uid = found["metadata"]["uid"] if found else ""
    except ClusterError as error:
        if error.status != 403:  # not everybody may read namespaces
            raise
        uid = ""
    return hashlib.sha256((uid or cluster.connection.server).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Backend:
    """``variables`` tell the engine of it; ``folder`` holds the state if the backend is ours.

    ``identity`` is that of the cluster; ``url`` is "" for one that only a login tells of.
    """

    variables: Mapping[str, str] = field(repr=False)
    folder: Path | None
    workspace: Path
    identity: str
    url: str = field(repr=False)

    @classmethod
    def of(cls, identity: str, environment: Mapping[str, str]) -> Backend:
        """The backend for the cluster of that identity; its folders and passphrase exist.

        Raises:
            OSError: a folder cannot be made.
        """
        state = state_directory(environment)
        variables: dict[str, str] = {}
        folder = None
        url = _chosen_by_user(environment)
        if url is None:
            folder = state / "clusters" / identity / "backend"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            variables["PULUMI_BACKEND_URL"] = url = f"{folder.as_uri()}{PLAIN_FILES}"
        if url.startswith("postgres:") and not environment.get(PARALLEL):
            # The engine lists stacks over several connections, waits for more of them while it
            # holds these, and its pool has four on two processors: `stack ls` then never ends.
            variables[PARALLEL] = "1"
        if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & {*environment}:
            variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_passphrase(state))
        if not environment.get("PULUMI_HOME") and not _is_used(home(environment)):
            variables["PULUMI_HOME"] = str(quiet_home(state))
        workspace = state / "clusters" / identity / "stacks"
        workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(variables, folder, workspace, identity, url)


def _chosen_by_user(environment: Mapping[str, str]) -> str | None:
    """The URL that the environment or a login names, "" if that is for the engine to find out."""
    if url := environment.get("PULUMI_BACKEND_URL"):
        return url
    if environment.get("PULUMI_ACCESS_TOKEN"):
        return ""
    folder = Path(environment.get("PULUMI_CREDENTIALS_PATH") or home(environment))
    try:
        credentials = json.loads((folder / "credentials.json").read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(credentials, dict):
        return None
    if ENCRYPTED in credentials:
        return ""
    current = credentials.get("current")
    return str(current) if current else None


def _is_used(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("credentials.json", "plugins", "workspaces"))


def quiet_home(parent: Path) -> Path:
    """A Pulumi folder of ours below ``parent``, in which the engine keeps no log."""
    folder = parent / "pulumi-home"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The engine writes an encrypted debug log of every property of every run, two fifths of its
    # time. There is no switch, but the engine does without where the folder cannot be made.
    (folder / "logs").touch()
    return folder


def _passphrase(state: Path) -> Path:
    """The file of the passphrase that encrypts secrets in our backends, made if it is not there."""
    file = state / "passphrase"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(32))
    return file
