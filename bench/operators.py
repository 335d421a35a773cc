"""Time operators with a fleet of ModelServices, each on a local control plane of its own.

    python bench/operators.py [N …] [--beside TREE] [--same-plugin] [--without-nodes] [--away MS]
                              [--only create edit restart delete] [--floor] [--rounds 3]

N is 30 unless stated; with several, growth is to be seen. TREE is another checkout with a virtual
environment in ``.venv``; with MSVC_GO_BINARY naming the original's program, that operator creates
the same fleet. They take turns, and the table has medians: seconds until all is there or gone,
processor seconds of the operator with everything below it and of each program in it, MiB. Without
nodes no pod is ever scheduled, and the processors are left to the controller manager and to what is
measured. With ``--away`` a proxy delays every byte to and from the API server. Edits and restarts
wait until the cluster is at rest. Asserts nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from contenders import Contender, Figures, add_arguments, introduce, originals, trees
from distance import far_from
from fleet import BASE, all_at_once, prepare, services
from trial import Arena, Trial

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import DEFAULT_NODES, LocalControlPlane, Node
from msvc_pulumi.plan import PlanOptions, plan_model_service

RUN = ("operator", "run", "--health-probe-bind-address=0")
PHASES = ("create", "edit", "restart", "delete")
FLOOR = "raw apply"


@contextmanager
def arena(count: int, nodes: Sequence[Node], away: float) -> Iterator[Arena]:
    """A new control plane, ``away`` milliseconds from operators."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plane = LocalControlPlane(folder / "plane", nodes=nodes, progress=lambda _: None)
        stack.enter_context(plane)
        cluster = stack.enter_context(plane.cluster())
        cluster.apply(custom_resource_definition(), force=True)
        kubeconfig = plane.kubeconfig
        if away:
            kubeconfig = stack.enter_context(far_from(kubeconfig, folder, away))
        yield Arena(cluster, kubeconfig, folder, count)


def floor(cluster: Cluster, count: int) -> float:
    """Seconds that a server-side apply of all objects takes, by as many clients as is best."""
    prepare(cluster, count, "floor")
    objects = [
        planned.manifest
        for service in services(count, "floor")
        for planned in plan_model_service(service, BASE, PlanOptions())
    ]
    began = time.perf_counter()
    all_at_once(lambda item: cluster.apply(item, field_manager="floor"), objects)
    return time.perf_counter() - began


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started has to end
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", type=int, nargs="*", default=[30])
    parser.add_argument("--without-nodes", action="store_true")
    parser.add_argument("--away", type=float, default=0.0, metavar="MS", help="in each direction")
    parser.add_argument("--only", nargs="+", choices=PHASES, default=PHASES)
    parser.add_argument("--floor", action="store_true", help="a raw server-side apply, too")
    add_arguments(parser)
    arguments = parser.parse_args()
    nodes = () if arguments.without_nodes else DEFAULT_NODES
    wanted = "Applied" if arguments.without_nodes else "Ready"
    contenders: list[Contender] = [*trees(arguments, RUN), *originals()]
    names = [one.name for one in contenders]
    figures = Figures([*names, FLOOR] if arguments.floor else names)
    introduce(*arguments.counts)
    for count in arguments.counts * arguments.rounds:
        for one in contenders:
            with arena(count, nodes, arguments.away) as place:
                Trial(place, one, figures, wanted).run(frozenset(arguments.only))
        if arguments.floor:
            with arena(count, nodes, arguments.away) as place:
                figures.note(FLOOR, f"create {count}: all objects, s", floor(place.cluster, count))
    figures.tell()


if __name__ == "__main__":
    main()
