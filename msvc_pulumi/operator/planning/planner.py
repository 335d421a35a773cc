"""`serve`: a planner, which plans one `Job` after the other until nobody wants more of it."""

from __future__ import annotations

import socket
import struct
import time
import traceback
from collections.abc import Callable
from dataclasses import replace

from msvc_pulumi.cluster.modelservices import plan_of
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.operator.planning import bounds, limits
from msvc_pulumi.operator.planning.answer import Answer, encode
from msvc_pulumi.operator.planning.bounds import Bounds
from msvc_pulumi.operator.planning.enclosure import enclose
from msvc_pulumi.operator.planning.job import Inputs, Job
from msvc_pulumi.operator.planning.messages import receive, send
from msvc_pulumi.plan import Plan

__all__ = ["SECONDS", "PlanFunction", "plan", "serve"]

PlanFunction = Callable[[Inputs], Plan]
SECONDS = struct.Struct(">d")
"""How long a job may take, before it."""
REQUEST = 64 << 20  # bytes of a job; two objects of the API server are a twentieth of it


def plan(inputs: Inputs) -> Plan:
    """What planners do. Raises ModelServiceError."""
    return plan_of(*inputs)


def serve(channel: socket.socket, act: PlanFunction, most: Bounds) -> None:
    """Answer what comes over ``channel`` until its end. This process is bounded from now on."""
    bounds.confine(most.memory)
    enclose()
    enough = bounds.most_resident() + most.memory // 8
    while (request := receive(channel, REQUEST)) is not None:
        (seconds,) = SECONDS.unpack_from(request)
        answer = _answered(request[SECONDS.size :], seconds, act, most, enough)
        del request
        send(channel, answer)


def _answered(
    content: bytes, seconds: float, act: PlanFunction, most: Bounds, enough: int
) -> bytes:
    """The answer; the last one, if this process has once had ``enough`` bytes of memory."""
    began = time.process_time()

    def told(answer: Answer, *, last: bool = False) -> bytes:
        return encode(replace(answer, spent=time.process_time() - began, last=last))

    try:
        with bounds.timed(seconds):
            answer = _answer(content, act)
            text = told(answer, last=bounds.most_resident() > enough)
        if len(text) <= most.answer:
            return text
        problem = limits.answer(most)
    except MemoryError:
        problem = limits.memory(most)
    except Exception:  # it is no plain data
        return told(Answer(failure=traceback.format_exc()))
    return told(Answer(problems=(problem,)), last=True)


def _answer(content: bytes, act: PlanFunction) -> Answer:
    try:
        return Answer(act(Job.inputs(content)))
    except ModelServiceError as error:
        return Answer(problems=error.diagnostics)
