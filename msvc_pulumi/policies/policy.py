"""`Policy`: one thing that a team may want of its pods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msvc_pulumi.errors import Severity
from msvc_pulumi.policies.workload import Workload
from msvc_pulumi.rules.finding import Finding

__all__ = ["Check", "Policy"]

Check = Callable[[Workload], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Policy:
    """``name`` is the code of its findings, ``title`` what it wants, ``severity`` the usual one.

    Where ``needs_cluster`` is set, ``check`` finds what a cluster has to be asked for, and what it
    yields is broken only if the cluster has it not.
    """

    name: str
    severity: Severity
    title: str
    check: Check
    needs_cluster: bool = False
