"""The process that planners are forked from: ``python -m`` with a socket and `Bounds`.

It has loaded everything that planning needs, so a new planner takes milliseconds and shares its
memory. It has one thread and holds no secret: its environment is empty, and it has no file of the
operator's. It and its planners end with the operator.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast

from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.commandline.reader import SGLANG, VLLM
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.interpolation.interpolate import DIALECT_ANNOTATION
from msvc_pulumi.operator.planning.bounds import Bounds, give_way
from msvc_pulumi.operator.planning.planner import PlanFunction, plan, serve
from msvc_pulumi.target.options import PlanOptions

__all__ = ["END", "FORK", "MESSAGE", "arguments", "main"]

MESSAGE = struct.Struct(">cq")
"""To it: `FORK` with a niceness and the planner's end of a channel, or `END` with a process id.
From it: the same with the process id, or the exit code as of `os.waitstatus_to_exitcode`."""
FORK, END = b"f", b"e"
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
WARM = {
    "go": '{{ .ModelName | upper }}{{ date "2006" (toDate "2006" "2026") }}',
    "jinja2": "{{ ModelName | upper }}",
}
PIPELINE = ("children", "commandline", "document", "gotemplate", "jinjatemplate", "merge")
LAZY = (
    *("datetime", "difflib", "hashlib", "shlex", "urllib.parse", "msvc_pulumi.api.elsewhere"),
    *("re2", "ipaddress"),
)


def arguments(control: int, act: str, most: Bounds) -> list[str]:
    """What its program is called with; ``act`` names the plan function as ``module:name``."""
    return ["-P", "-m", __name__, str(control), act, json.dumps(asdict(most))]


def main(control: str, act: str, most: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPROF, signal.SIGALRM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    module, _, name = act.partition(":")
    function = cast("PlanFunction", getattr(import_module(module), name))
    _warm()
    gc.collect()
    gc.freeze()
    gc.disable()  # it takes longer than many plans; a new planner takes less
    _serve(socket.socket(fileno=int(control)), function, Bounds(**json.loads(most)))


def _serve(control: socket.socket, act: PlanFunction, most: Bounds) -> None:
    planners: set[int] = set()
    while True:
        message, files, *_ = socket.recv_fds(control, MESSAGE.size, 1, socket.MSG_WAITALL)
        if not message:
            break
        what, number = MESSAGE.unpack(message)
        if what == FORK:
            answer = _forked(control, socket.socket(fileno=files[0]), act, most, niceness=number)
            planners.add(answer)
        elif number in planners:  # not waited for until now, so it is no other process
            answer = _ended(number)
            planners.discard(number)
        control.sendall(MESSAGE.pack(what, answer))
    for pid in planners:
        _ended(pid)


def _forked(
    control: socket.socket,
    channel: socket.socket,
    act: PlanFunction,
    most: Bounds,
    *,
    niceness: int,
) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid:
        channel.close()
        return pid
    try:
        _end_with(server)
        give_way(niceness)
        control.close()
        os.dup2(0, 2)
        with suppress(OSError):  # nobody listens any more
            serve(channel, act, most)
    finally:
        os._exit(0)


def _end_with(server: int) -> None:
    """This process ends when ``server`` does, where the system can see to that."""
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(0)


def _ended(pid: int) -> int:
    """The exit code of a planner that runs no more; minus the signal that ended it."""
    os.kill(pid, signal.SIGKILL)  # one that ended by itself keeps its own code
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _warm() -> None:
    """Everything is loaded that a plan may need; what is read later a planner may not read."""
    for package in PIPELINE:
        found = import_module(f"msvc_pulumi.{package}")
        for module in iter_modules(found.__path__, f"{found.__name__}."):
            if not module.name.endswith(".__main__"):
                import_module(module.name)
    for name in LAZY:
        import_module(name)
    for server in (VLLM, SGLANG):
        _ = server.options.by_spelling, server.options.newest
    for dialect, text in WARM.items():
        annotations = {DIALECT_ANNOTATION: dialect}
        metadata = dict.fromkeys(("name", "namespace", "uid"), "warm")
        container: Mapping[str, Any] = {"name": "vllm", "args": [text]}
        service = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {**metadata, "annotations": annotations},
            "spec": {
                "modelArtifacts": {"uri": "hf://a/b"},
                "routing": {"modelName": "b"},
                "decode": {"containers": [container]},
            },
        }
        config = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**metadata, "annotations": annotations},
            "data": {"decodeDeployment": f"metadata: {{labels: {{a: '{text}'}}}}"},
        }
        with suppress(ModelServiceError):
            plan((service, config, PlanOptions(), None))


if __name__ == "__main__":
    main(*sys.argv[1:])
