"""`StackStore`: the stacks of an operator, made and removed without asking the engine.

The engine's own commands for that take a second each, mostly to derive a key from the passphrase;
here all stacks share the salt of one that was made by ``pulumi stack init``. They lie in the
backend as the engine lays them (``pkg/backend/diy``: ``store.go``, ``state.go``), whatever keeps
it. Beside each stack there is a work folder on this machine, which is made again if it is gone.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from msvc_pulumi.engine.diagnosis.failures import failure
from msvc_pulumi.engine.processes.process import run
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import PROJECT
from msvc_pulumi.engine.state import locks
from msvc_pulumi.engine.state.bucket import Bucket, BucketError
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.stacks import checkpoint as checkpoints
from msvc_pulumi.operator.stacks.checkpoint import Checkpoint

__all__ = ["BATCH", "StackStore"]

SEED = "operator-seed"
BATCH = "batch-"
STACKS = f".pulumi/stacks/{PROJECT}/"
MEMBERS = ".members"
# No stack of a ModelService is named so: those have a dot in their names.
OF_BATCH = re.compile(rf"({BATCH}[0-9a-f]+)(\.json|{re.escape(MEMBERS)})")
# What the engine keeps beside a checkpoint: the one before, and attributes of files.
BESIDE = re.compile(r"(\.\d+)?(\.bak)?(\.attrs)?(?<!\.json)")
T = TypeVar("T")

OWNER = "msvc-operator.json"
HOSTS = 50  # former hosts that are remembered
JOURNEYS = 8  # calls to a remote backend at a time


class StackStore:
    """The stacks in one bucket, and the work folder of each below ``workspace``. Thread-safe."""

    def __init__(self, bucket: Bucket, workspace: Path) -> None:
        self.bucket, self._workspace = bucket, workspace
        self._empty: Checkpoint = {}
        self._gone: frozenset[str] = frozenset()
        self._names: set[str] | None = None
        self._lock = threading.Lock()

    def seed(self, session: Session) -> None:
        """Make the stack that all others are copies of. Raises EngineError, BucketError."""
        self._owner(session.backend.identity)
        found = self.read(SEED)
        if found is None:
            shutil.rmtree(self._workspace / SEED, ignore_errors=True)
            self._call(session, "stack", "init", SEED, "--no-select")
            found = self.read(SEED)
            if found is None:
                raise BucketError([_legacy(self.bucket.name)])
        elif self.bucket.remote:
            # It may have been made elsewhere, with another passphrase than is set here.
            probe = self._workspace / SEED / "probe.yaml"
            self.prepare(SEED, found)
            probe.write_text(_settings(found))
            what = ("config", "set", "probe", "x", "--secret", "--config-file", str(probe))
            self._call(session, *what, "--stack", SEED)
        self._empty = found
        self.look()

    def claim(self, cluster: str) -> frozenset[str]:
        """These stacks are of ``cluster``, and this host works on them; those that did before.

        One operator works on them at a time, so whoever did before does not any more.

        Raises:
            BucketError: they are of another cluster, which has objects of the same names.
        """
        hosts = self._owner(cluster).get("hosts", [])
        own = socket.gethostname()
        others = [host for host in hosts if host != own]
        if not hosts or hosts[-1] != own:
            content = {"cluster": cluster, "hosts": [*others[-HOSTS:], own]}
            self.bucket.write(OWNER, json.dumps(content).encode())
        return frozenset(others)

    def _owner(self, cluster: str) -> dict[str, Any]:
        content = self.bucket.read(OWNER)
        owner: dict[str, Any] = json.loads(content) if content else {}
        if owner.get("cluster", cluster) != cluster:
            raise BucketError([_taken(self.bucket.name, owner["cluster"], cluster)])
        return owner

    def look(self, gone: Iterable[str] = ()) -> None:
        """See which stacks there are; whatever hosts that are ``gone`` have locked is free."""
        self._gone = frozenset(gone)
        if self.bucket.remote:
            keys = self.bucket.keys(STACKS)
            names = {key[len(STACKS) : -len(".json")] for key in keys if key.endswith(".json")}
            with self._lock:
                self._names = names
        for stack in locks.locked(self.bucket, PROJECT):
            self.clear_dead_locks(stack)

    def exists(self, stack: str) -> bool:
        """Whether there is a stack of that name; costs no journey."""
        with self._lock:
            if self._names is not None:
                return stack in self._names
        return self.bucket.exists(_key(stack))

    def read(self, stack: str) -> Checkpoint | None:
        """The checkpoint of ``stack``, None if there is no such stack."""
        content = self.bucket.read(_key(stack))
        return None if content is None else checkpoints.parse(content, stack)

    def read_all(self, stacks: Iterable[str]) -> dict[str, Checkpoint]:
        """Stack → checkpoint of all that exist."""
        names = list(stacks)
        found = zip(names, self._each(self.read, names), strict=True)
        return {name: checkpoint for name, checkpoint in found if checkpoint is not None}

    def empty(self, stack: str) -> Checkpoint:
        """The checkpoint of a stack of that name which has no resources yet."""
        return checkpoints.renamed(self._empty, SEED, stack)

    def prepare(self, stack: str, checkpoint: Checkpoint) -> None:
        """The work folder of ``stack`` is what the engine needs to work on it."""
        folder = self._workspace / stack
        settings = folder / f"Pulumi.{stack}.yaml"
        if not settings.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / "Pulumi.yaml").write_text(_PROJECT_FILE)
            settings.write_text(_settings(checkpoint))

    def write(self, stack: str, checkpoint: Checkpoint) -> None:
        """There is a stack of that name, with ``checkpoint`` as its state."""
        self._write(stack, checkpoints.dump(checkpoint))

    def write_all(self, stacks: Mapping[str, bytes]) -> None:
        """There are stacks of these names, with these checkpoints as `write` keeps them."""
        self._each(lambda stack: self._write(stack, stacks[stack]), list(stacks))

    def _write(self, stack: str, content: bytes) -> None:
        self.bucket.write(_key(stack), content)
        with self._lock:
            if self._names is not None:
                self._names.add(stack)

    def create_batch(self, batch: str, checkpoint: Checkpoint, members: Mapping[str, str]) -> None:
        """There is a joined stack; ``members`` says which component belongs to which stack."""
        self.bucket.write(f"{STACKS}{batch}{MEMBERS}", json.dumps(dict(members)).encode())
        self.write(batch, checkpoint)

    def remove(self, stack: str) -> None:
        """There is nothing of ``stack`` left."""
        parts = (f"locks/organization/{PROJECT}", f"backups/{PROJECT}")
        found = [key for part in parts for key in self.bucket.keys(f".pulumi/{part}/{stack}/")]
        # Its members go last: without them a joined stack that is still there would be dropped.
        self.bucket.remove([_key(stack), *self._remains(stack), *found])
        self.bucket.remove([f"{STACKS}{stack}{MEMBERS}"] if stack.startswith(BATCH) else [])
        with self._lock:
            if self._names is not None:
                self._names.discard(stack)
        shutil.rmtree(self._workspace / stack, ignore_errors=True)

    def tidy(self, stack: str) -> None:
        """Remove what the engine leaves behind after each update: backups and history."""
        self.bucket.remove(self._remains(stack))

    def batches(self) -> list[str]:
        """Joined stacks that were never parted."""
        keys = self.bucket.keys(f"{STACKS}{BATCH}")
        found = (OF_BATCH.fullmatch(key.removeprefix(STACKS)) for key in keys)
        return sorted({match[1] for match in found if match})

    def members(self, batch: str) -> dict[str, str]:
        """Component → stack of a joined stack; {} if it was killed before it was used."""
        content = self.bucket.read(f"{STACKS}{batch}{MEMBERS}")
        return dict(json.loads(content)) if content else {}

    def locked(self) -> list[str]:
        """Stacks that somebody works on, or worked on until it was killed."""
        return locks.locked(self.bucket, PROJECT)

    def clear_dead_locks(self, stack: str) -> None:
        """``stack`` is locked by nobody who does not live any more."""
        locks.clear_dead(self.bucket, PROJECT, stack, self._gone)

    def is_of(self, checkpoint: Checkpoint) -> bool:
        """Whether its secrets are encrypted with the key that all stacks made here share."""
        return checkpoints.salt(checkpoint) in ("", checkpoints.salt(self._empty))

    def _remains(self, stack: str) -> list[str]:
        history = self.bucket.keys(f".pulumi/history/{PROJECT}/{stack}/")
        key = _key(stack)
        beside = (other for other in self.bucket.keys(key) if BESIDE.fullmatch(other, len(key)))
        return [*beside, *history]

    def _call(self, session: Session, *arguments: str) -> None:
        seed = session.stack(SEED)
        seed.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (seed.folder / "Pulumi.yaml").write_text(_PROJECT_FILE)
        command = [str(seed.pulumi), *arguments]
        output = subprocess.DEVNULL
        done = run(command, seed.variables, cwd=seed.folder, output=output, events=False)
        if done.code:
            raise failure(done, f"`pulumi {' '.join(arguments[:2])}`")

    def _each(self, act: Callable[[str], T], stacks: list[str]) -> list[T]:
        if not self.bucket.remote or len(stacks) < 2:
            return [act(stack) for stack in stacks]
        with ThreadPoolExecutor(JOURNEYS) as pool:
            return list(pool.map(act, stacks))


_PROJECT_FILE = f"name: {PROJECT}\nruntime: python\n"


def _key(stack: str) -> str:
    return f"{STACKS}{stack}.json"


def _settings(checkpoint: Checkpoint) -> str:
    salt = checkpoints.salt(checkpoint)
    return f"encryptionsalt: {salt}\n" if salt else ""


def _taken(name: str, owner: str, cluster: str) -> Diagnostic:
    return Diagnostic(
        "backend-taken",
        f"the stacks in {name} are of cluster {owner}, and this is {cluster}",
        help="give each cluster a place of its own: another path in s3://bucket/path, or another "
        f"?table=… of the database. If that cluster is gone for good, remove {OWNER} there and "
        "all below .pulumi",
    )


def _legacy(name: str) -> Diagnostic:
    return Diagnostic(
        "backend-legacy",
        f"the stacks in {name} are not kept by project",
        help="run `pulumi state upgrade`, or use another place",
    )
