"""The names of the SDK that `speed_up` replaces are there, and used as it takes them to be."""

from __future__ import annotations

import inspect
import subprocess
import sys

SCRIPT = """
import asyncio
from pulumi import log
from pulumi.runtime import resource, stack
from msvc_pulumi.operator.sdkspeed import speed_up
before = (log.debug, resource._get_stack_trace, resource._get_source_position, stack.asyncio)
speed_up()
speed_up()
after = (log.debug, resource._get_stack_trace, resource._get_source_position, stack.asyncio)
assert all(new is not old for new, old in zip(after, before))
resource._get_source_position(resource._get_stack_trace())
log.debug("nobody listens")

async def fails():
    raise KeyError("at once")

async def main():
    slow = asyncio.ensure_future(asyncio.sleep(60))
    bad = asyncio.ensure_future(fails())
    done, rest = await stack.asyncio.wait({slow, bad}, return_when=asyncio.FIRST_COMPLETED)
    assert done == {bad} and rest == {slow}
    bad.exception()
    slow.cancel()

asyncio.run(main())
"""


def test_everything_is_replaced_and_a_failure_still_ends_the_wait() -> None:
    """In a process of its own: the replacements take, twice, and do what the SDK needs of them."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_sdk_uses_the_names() -> None:
    """The SDK calls what is replaced, in the modules in which it is replaced."""
    from pulumi.runtime import resource, stack

    assert "_get_stack_trace()" in inspect.getsource(resource.register_resource)
    assert "_get_source_position(" in inspect.getsource(resource.register_resource)
    assert "await asyncio.wait(" in inspect.getsource(stack.wait_for_rpcs)
