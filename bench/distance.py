"""`far_from`: an API server some milliseconds away, by a proxy on loopback that delays bytes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

CHUNK = 1 << 16  # bytes passed on at a time


@contextmanager
def far_from(kubeconfig: Path, folder: Path, milliseconds: float) -> Iterator[Path]:
    """A kubeconfig for the same API server, ``milliseconds`` away in each direction."""
    content = yaml.safe_load(kubeconfig.read_text())
    cluster = content["clusters"][0]["cluster"]
    host, _, port = cluster["server"].rpartition("//")[2].rpartition(":")
    command = [sys.executable, __file__, host, port, str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None
            cluster["server"] = f"https://127.0.0.1:{int(proxy.stdout.readline())}"
            away = folder / "kubeconfig"
            away.write_text(yaml.safe_dump(content))
            away.chmod(0o600)
            yield away
        finally:
            proxy.terminate()


async def _serve(host: str, port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        # Bytes keep their order: what is due at the same time is called in the order of asking.
        try:
            while content := await source.read(CHUNK):
                loop.call_later(seconds, sink.write, content)
        except OSError:
            pass
        loop.call_later(seconds, sink.close)

    async def accept(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(host, port)
        await asyncio.gather(carry(source, there[1]), carry(there[0], sink))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
