"""The kubelet as a process, the first of namespaces of its own; `kubelet.process` starts it.

It ends when its standard input does, and everything that it started with it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

from kubelet import network, relay
from kubelet.agent import Agent
from kubelet.images import load
from kubelet.node import address, join
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import DEFAULT_NODES


def end_with_input() -> None:
    """Waits in a thread of its own, so that nothing that hangs here outlives who started us."""
    sys.stdin.buffer.read()
    os._exit(0)  # as the first process of its namespace it takes all others along


async def main(folder: Path, doors: Path) -> None:
    network.set_up()
    relays = [
        await relay.serve_api_inside(doors / "api", network.API_ADDRESS, network.API_PORT),
        await relay.serve_pods(doors / "pods"),
    ]
    with Cluster.connect(folder / "kubeconfig") as cluster:
        nodes = {}
        for ordinal, node in enumerate(DEFAULT_NODES, start=1):
            await asyncio.to_thread(join, cluster, node, ordinal)
            nodes[node.name] = address(node, ordinal)
        images = load(folder / "images.json")
        agent = Agent(cluster, nodes, images, folder / "pods", folder / "logs")
        print("ready", flush=True)
        await agent.run()
    for each in relays:
        await each.close()


threading.Thread(target=end_with_input, daemon=True).start()
asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
