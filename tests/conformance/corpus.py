"""The conformance corpus: what the original printed for an input, and what is expected here."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
CORPUS = HERE.parents[2] / "shared" / "conformance" / "cases"
DEVIATIONS: dict[str, dict[str, Any]] = yaml.safe_load(
    (HERE / "deviations.yaml").read_text(encoding="utf-8")
)
WANT = HERE / "deviations"


@dataclass(frozen=True)
class Case:
    """One command line and what it must print."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def verdict(self) -> str:
        """REPRODUCE, FIX or EITHER."""
        line = (self.folder / "README.md").read_text(encoding="utf-8").splitlines()[1]
        return line.removeprefix("Verdict:").split()[0].strip(".")

    @property
    def arguments(self) -> list[str]:
        """The command's arguments, in the drop-in format where it prints objects."""
        words = shlex.split((self.folder / "cmd.txt").read_text(encoding="utf-8"))
        arguments = words[words.index("manager") + 1 :]
        return [*arguments, "-o", "sections"] if arguments[:1] == ["generate"] else arguments

    @property
    def deviation(self) -> dict[str, Any] | None:
        return DEVIATIONS.get(self.name)

    @property
    def fails(self) -> bool:
        """Whether the command must fail: as in the original, unless a deviation says otherwise."""
        if self.deviation is not None and "outcome" in self.deviation:
            return self.deviation["outcome"] == "error"
        return (self.folder / "expected-error.txt").exists()

    @property
    def expected(self) -> Path | None:
        """The file that holds the expected output, where output is compared."""
        if self.deviation is not None:
            want = WANT / f"{self.name}.yaml"
            return want if want.exists() else None
        original = self.folder / "expected.yaml"
        return original if original.exists() else None


def cases() -> list[Case]:
    """Every case of the corpus beside the checkout; none where there is no corpus."""
    if not CORPUS.is_dir():
        return []
    return [Case(folder) for folder in sorted(CORPUS.iterdir()) if (folder / "cmd.txt").exists()]
