"""`StackFolder`: the stacks of an operator as files, made and removed without asking the engine.

The engine's own commands for that take a second each, mostly to derive a key from the passphrase;
here all stacks share the salt of one that was made by ``pulumi stack init``. Layout:
``pkg/backend/diy`` (``store.go``, ``state.go``).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msvc_pulumi.engine.failures import failure
from msvc_pulumi.engine.process import run
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import PROJECT
from msvc_pulumi.operator import checkpoint as checkpoints
from msvc_pulumi.operator.checkpoint import Checkpoint

__all__ = ["BATCH", "StackFolder"]

SEED = "operator-seed"
BATCH = "batch-"
MEMBERS = "members.json"


class StackFolder:
    """The stacks in one backend folder, and the work folder of each."""

    def __init__(self, backend: Path, workspace: Path) -> None:
        self.backend, self._workspace = backend, workspace
        self._empty: Checkpoint = {}
        self._settings = ""

    def seed(self, session: Session) -> None:
        """Make the stack that all others are copies of. Raises EngineError."""
        seed = session.stack(SEED)
        if not self.file(SEED).exists() or not seed.config_file.exists():
            self.remove(SEED)
            seed.folder.mkdir(parents=True, mode=0o700)
            (seed.folder / "Pulumi.yaml").write_text(_PROJECT_FILE)
            done = run(
                [str(seed.pulumi), "stack", "init", SEED, "--no-select"],
                seed.variables,
                cwd=seed.folder,
                output=subprocess.DEVNULL,
                events=False,
            )
            if done.code:
                raise failure(done, "`pulumi stack init`")
        self._settings = seed.config_file.read_text()
        self._empty = checkpoints.read(self.file(SEED)) or {}

    def file(self, stack: str) -> Path:
        """Where the engine keeps the checkpoint of ``stack``."""
        return self.backend / ".pulumi" / "stacks" / PROJECT / f"{stack}.json"

    def read(self, stack: str) -> Checkpoint | None:
        """The checkpoint of ``stack``, None if there is no such stack."""
        return checkpoints.read(self.file(stack))

    def empty(self, stack: str) -> Checkpoint:
        """The checkpoint of a stack of that name which has no resources yet."""
        return checkpoints.renamed(self._empty, SEED, stack)

    def create(
        self,
        stack: str,
        checkpoint: Checkpoint | None = None,
        members: Mapping[str, str] | None = None,
    ) -> None:
        """There is a stack of that name, with ``checkpoint`` as its state.

        ``members`` says of a joined stack which component belongs to which stack.
        """
        folder = self._workspace / stack
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "Pulumi.yaml").write_text(_PROJECT_FILE)
        (folder / f"Pulumi.{stack}.yaml").write_text(self._settings)
        if members is not None:
            (folder / MEMBERS).write_text(json.dumps(dict(members)))
        checkpoints.write(self.file(stack), checkpoint or self.empty(stack))

    def remove(self, stack: str) -> None:
        """There is nothing of ``stack`` left."""
        self.file(stack).unlink(missing_ok=True)
        self.tidy(stack)
        for part in ("history", "locks/organization"):
            shutil.rmtree(self.backend / ".pulumi" / part / PROJECT / stack, ignore_errors=True)
        shutil.rmtree(self._workspace / stack, ignore_errors=True)

    def tidy(self, stack: str) -> None:
        """Remove what the engine leaves behind after each update: backups and history."""
        for file in self.file(stack).parent.glob(f"{stack}.json.*"):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.backend / ".pulumi" / "history" / PROJECT / stack, ignore_errors=True)

    def batches(self) -> list[str]:
        """Joined stacks that were never parted."""
        return sorted(file.stem for file in self.file(BATCH).parent.glob(f"{BATCH}*.json"))

    def locked(self) -> list[str]:
        """Stacks that somebody works on, or worked on until it was killed."""
        locks = self.backend / ".pulumi" / "locks" / "organization" / PROJECT
        return sorted({file.parent.name for file in locks.glob("*/*.json")})

    def members(self, batch: str) -> dict[str, str]:
        """Component → stack of a joined stack; {} if it was killed before it was used."""
        try:
            found = json.loads((self._workspace / batch / MEMBERS).read_text())
        except (OSError, ValueError):
            return {}
        return dict(found)


_PROJECT_FILE = f"name: {PROJECT}\nruntime: python\n"
