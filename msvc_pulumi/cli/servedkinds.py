"""What a cluster serves, for the plans that are applied to it, and where ``--capabilities`` says
otherwise.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from msvc_pulumi.cli.generate import options
from msvc_pulumi.errors import Diagnostic, Severity
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import OPTIONAL, Capabilities
from msvc_pulumi.target.kinds import Kind
from msvc_pulumi.target.options import PlanOptions

if TYPE_CHECKING:
    from msvc_pulumi.cluster import Cluster

__all__ = ["ServedKinds"]


class ServedKinds:
    """What ``cluster`` serves. The file that the arguments name goes before it: a definition may be
    about to be installed.
    """

    def __init__(self, cluster: Cluster, arguments: argparse.Namespace) -> None:
        self._served = Capabilities.discover(cluster.serves)
        self._options = options(arguments)
        self._namespace = arguments.namespace or cluster.connection.namespace
        self._file = arguments.capabilities

    @property
    def options(self) -> PlanOptions:
        """The plan options that the arguments state, with what is served."""
        capabilities = self._options.capabilities or self._served
        return replace(self._options, namespace=self._namespace, capabilities=capabilities)

    def contradictions(self, plans: Sequence[Plan]) -> Iterator[Diagnostic]:
        """A warning for each kind of which the file and the cluster do not say the same, as far as
        ``plans`` come out otherwise for it.
        """
        if self._options.capabilities is None:
            return
        stated = {one.child.kind for plan in plans for one in plan}
        left = {Kind(one.api_version, one.kind) for plan in plans for one in plan.skipped}
        for kind in OPTIONAL:
            if kind not in stated | left:
                continue
            is_there, is_listed = self._served.serves(kind), self._options.capabilities.serves(kind)
            if is_there == is_listed:
                continue
            what = f"{kind.kind} of {kind.api_version}"
            said = "lists" if is_listed else "does not list"
            yield Diagnostic(
                "capabilities-differ",
                f"{self._file} {said} {what}, and the cluster "
                + ("serves it: it is left out" if is_there else "does not serve it"),
                Severity.WARNING,
                help="leave --capabilities away to go by what the cluster serves",
            )
