"""How a command line splits a model over accelerators, by the rules of vLLM and of SGLang.

Facts: the parsers and engine configurations of vLLM 0.33.0 and SGLang 0.5.23.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from msvc_pulumi.commandline.reader import SGLANG, Dialect, Statement
from msvc_pulumi.pattern import pattern

__all__ = ["Sizes", "StatedSizes", "flag_name"]

# The options by what they mean; the first four are the fields of ``parallelism``.
VLLM_NAMES = {
    "tensor": "tensor-parallel-size",
    "pipeline": "pipeline-parallel-size",
    "data": "data-parallel-size",
    "expert": "enable-expert-parallel",
    "local": "data-parallel-size-local",
    "context": "prefill-context-parallel-size",
    "nodes": "nnodes",
    "rank": "data-parallel-rank",
    "external": "data-parallel-external-lb",
    "hybrid": "data-parallel-hybrid-lb",
    "multi-port": "data-parallel-multi-port-external-lb",
    "start": "data-parallel-start-rank",
    "address": "data-parallel-address",
    "headless": "headless",
    "executor": "distributed-executor-backend",
    "data backend": "data-parallel-backend",
    "config": "config",
}
SGLANG_NAMES = {
    "tensor": "tp-size",
    "pipeline": "pp-size",
    "data": "dp-size",
    "expert": "ep-size",
    "attention": "attn-dp-size",
    "attention switch": "enable-dp-attention",
    "nodes": "nnodes",
    "config": "config",
}
_NUMBER = pattern(r"-?[0-9]{1,9}")
# Each says that the pods of a group run ranks of their own and find each other.
SPREAD = ("rank", "external", "hybrid", "multi-port", "start", "address", "headless")


def flag_name(field: str, dialect: Dialect) -> str:
    """The flag that states ``field`` to a program of this dialect."""
    return f"--{_names(dialect)[field]}"


def _names(dialect: Dialect) -> Mapping[str, str]:
    return SGLANG_NAMES if dialect is SGLANG else VLLM_NAMES


@dataclass(frozen=True, slots=True)
class Sizes:
    """Effective sizes of one replica."""

    tensor: int
    pipeline: int
    data: int


@dataclass(frozen=True, slots=True)
class StatedSizes:
    """What a command line says of parallelism: the last statement of each option, by meaning."""

    dialect: Dialect
    statements: Mapping[str, Statement]

    @classmethod
    def of(cls, statements: Iterable[Statement], dialect: Dialect) -> StatedSizes:
        meanings = {name: meaning for meaning, name in _names(dialect).items()}
        last = {meanings[s.option]: s for s in statements if s.option in meanings and not s.key}
        return cls(dialect, last)

    def __contains__(self, meaning: str) -> bool:
        return meaning in self.statements

    def text(self, meaning: str) -> str | None:
        """The stated value as it is written."""
        statement = self.statements.get(meaning)
        return None if statement is None else statement.value or ""

    def number(self, meaning: str) -> int | None:
        """The stated value, None where it is not stated or not a number."""
        text = self.text(meaning)
        return int(text) if text is not None and _NUMBER.fullmatch(text) else None

    def switch(self, meaning: str) -> bool:
        statement = self.statements.get(meaning)
        return statement is not None and not statement.is_inverse

    @property
    def is_external(self) -> bool:
        """Whether this process is one rank of data parallelism that something else balances."""
        return self.switch("external") or "rank" in self

    @property
    def uses_ray(self) -> bool:
        return "ray" in (self.text("executor"), self.text("data backend"))

    @property
    def attention(self) -> bool:
        """Whether SGLang's data parallelism lies inside tensor parallelism, and adds nothing."""
        return "attention" in self or self.switch("attention switch")

    @property
    def rank(self) -> int:
        """Accelerators of one data-parallel rank, by what is stated alone."""
        sizes = (self.number(meaning) or 1 for meaning in ("tensor", "pipeline", "context"))
        return prod(sizes)

    @property
    def joins_nodes(self) -> bool:
        """Whether a rank may span pods."""
        return self.uses_ray or "nodes" in self

    def finds_others(self, sizes: Sizes, pods: int) -> bool:
        """Whether the processes of ``pods`` pods are told to work together."""
        if self.joins_nodes:
            return True
        ranks_span_pods = self.dialect is SGLANG or sizes.data < pods
        return not ranks_span_pods and any(self.switch(meaning) for meaning in SPREAD)

    def accelerators(self, sizes: Sizes, pods: int) -> tuple[int, int]:
        """Accelerators of a pod as a quotient: (of what is spread, over how many pods)."""
        group = sizes.tensor * sizes.pipeline * (self.number("context") or 1)
        if self.dialect is SGLANG:
            total = group if self.attention else group * sizes.data
            return total, self.number("nodes") or pods
        total = group * sizes.data
        nodes = self.number("nodes") or 1
        if nodes > 1:
            return total, nodes
        if self.uses_ray and pods > 1:
            return total, pods
        if (local := self.number("local")) is not None:
            return group * local, 1
        return (group, 1) if self.is_external else (total, pods)
