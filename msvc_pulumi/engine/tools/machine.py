"""What this machine has to build with: processors, memory, and how fast it is."""

from __future__ import annotations

import os
import shutil
import sys
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["free_memory", "free_space", "processors", "share", "slowness"]

CGROUP = Path("/sys/fs/cgroup")
REFERENCE = 0.027  # seconds that `_sample` takes where the costs of tools were measured


def processors() -> float:
    """How many this process may use at once: the machine's, its affinity's or its container's."""
    count = float(len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (CGROUP / "cpu.max").read_text(encoding="ascii").split()
        count = min(count, int(quota) / int(period))  # "max" is no number
    return max(count, 0.1)


def free_memory() -> int | None:
    """Bytes that can be had without pushing others out; None where nobody says."""
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        found.append(int(text.partition("MemAvailable:")[2].split()[0]) << 10)
    with suppress(OSError, ValueError):
        limit, used = (
            int((CGROUP / f"memory.{name}").read_text(encoding="ascii"))
            for name in ("max", "current")
        )
        found.append(max(limit - used, 0))
    return min(found, default=None)


def free_space(path: Path) -> int:
    """Bytes that can be written at ``path``, which need not be there yet."""
    existing = next(place for place in (path, *path.parents) if place.exists())
    return shutil.disk_usage(existing).free


def share() -> float:
    """How many processors a build gets beside what runs now, as an estimate."""
    count = processors()
    try:
        load = os.getloadavg()[0]
    except OSError:
        return count
    return max(count - load, count * count / (count + load))


@cache
def slowness() -> float:
    """How much longer this machine computes than the one where costs were measured."""
    return min(_sample() for _ in range(3)) / REFERENCE


def _sample() -> float:
    text = b"".join(b"package%d import func return %d\n" % (n, n * 7919) for n in range(60_000))
    began = time.process_time()
    zlib.compress(text, 6)
    return time.process_time() - began
