"""Plan functions for planners of tests: as the real one, but for what a label asks of them."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import time
from pathlib import Path

from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.operator.planning import planner
from msvc_pulumi.operator.planning.job import Inputs
from msvc_pulumi.plan import Plan

__all__ = ["LABEL", "plan"]

LABEL, COUNTER = "misplanning", "counter"
"""What to do, and which counter to count it with; "count" tells how often that was done."""
COUNTS = mmap.mmap(-1, 256)  # of all planners, as it is made before they are forked


def plan(inputs: Inputs) -> Plan:  # noqa: PLR0912  each is a line or two
    metadata = inputs[0]["metadata"]
    labels = metadata.get("labels") or {}
    counter = labels.get(COUNTER, 0)
    if labels.get(LABEL) != "count":
        COUNTS[counter] += 1
    match labels.get(LABEL):
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(1000)
        case "catch":  # and go on, whatever signal comes
            signal.signal(signal.SIGPROF, signal.SIG_IGN)
            while True:
                pass
        case "memory":
            kept = []
            while True:
                kept.append(bytearray(1 << 20))
        case "length":
            metadata["annotations"] = {"long": "x" * (10 << 20)}
            raise ModelServiceError([Diagnostic("long", "x" * (10 << 20)) for _ in range(3)])
        case "objects":
            inputs[0]["spec"]["decode"]["containers"][0]["args"] = ["x" * (1 << 20)] * 3
        case "exit":
            os._exit(3)
        case "abort":
            os.kill(os.getpid(), signal.SIGABRT)
        case "once":  # the first attempt dies, as of whoever was killed for want of memory
            if COUNTS[counter] == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        case "count":
            raise ModelServiceError([Diagnostic("count", str(COUNTS[counter]))])
        case "raise":
            raise RuntimeError("this was not expected")
        case "nothing":
            return None  # type: ignore[return-value]
        case "data":  # that is no plain data
            made = planner.plan(inputs)
            made.objects[0].manifest["metadata"]["labels"] = {"a": object()}
            return made
        case "look":
            raise ModelServiceError(
                [Diagnostic("seen", f"{name}: {text}") for name, text in seen()]
            )
    return planner.plan(inputs)


def seen() -> list[tuple[str, str]]:
    """What a planner can do to the machine, and knows of its operator."""
    return [
        ("environment", " ".join(sorted(os.environ))),
        ("files", " ".join(str(one) for one in range(100) if is_open(one))),
        ("descriptors", _refused(lambda: [socket.socket() for _ in range(20)])),
        ("read", _refused(lambda: Path("/etc/passwd").read_text())),
        ("write", _refused(lambda: Path("/tmp/written").touch())),
        ("connect", _refused(lambda: socket.create_connection(("127.0.0.1", 9)))),
        ("signal", _refused(lambda: os.kill(1, 0))),
    ]


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _refused(act: object) -> str:
    try:
        act()  # type: ignore[operator]
    except OSError as error:
        return type(error).__name__
    return "done"
