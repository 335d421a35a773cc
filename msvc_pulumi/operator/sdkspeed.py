"""`speed_up`: the Pulumi SDK without the work that only people at a terminal have any use of.

Two thirds of what the SDK spends on a program are a blocking call to the engine for every debug
message, a stack trace for every resource, and a wait for all outputs that starts anew whenever one
of them is known, which is quadratic (docs/decisions/0009-operator.md has the figures). None has a
switch, so this module replaces four private names; ``tests/unit/test_sdkspeed.py`` fails when a
release of the SDK no longer has them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from pulumi import log
from pulumi.runtime import resource, stack
from pulumi.runtime.proto import source_pb2

__all__ = ["speed_up"]


class _Asyncio:
    """asyncio for ``pulumi.runtime.stack``: waits until all are done, or one has failed.

    The SDK asks for the first that is done, looks at the rest, and asks again. It goes on waiting
    until none is left either way, and it must learn of a failure at once either way.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait(self, futures: Iterable[Any], **_: object) -> Any:
        return await asyncio.wait(futures, return_when=asyncio.FIRST_EXCEPTION)


def speed_up() -> None:
    """From now on all programs of this process run faster, and say nothing of their source lines.

    Raises AttributeError if the SDK is not the one that this was made for.
    """
    for module, name in ((resource, "_get_stack_trace"), (resource, "_get_source_position")):
        getattr(module, name)
    vars(resource)["_get_stack_trace"] = source_pb2.StackTrace
    vars(resource)["_get_source_position"] = lambda _trace=None: None
    if not isinstance(stack.asyncio, _Asyncio):  # type: ignore[attr-defined]
        vars(stack)["asyncio"] = _Asyncio()
    vars(log)["debug"] = lambda *_, **__: None
