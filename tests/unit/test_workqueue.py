"""The work queue: what is added is worked on, once at a time, however it is added."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.operator.work.workqueue import WorkQueue


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_keys_added_twice_are_taken_once() -> None:
    """A key that waits already is not worked on twice."""
    queue: WorkQueue[str] = WorkQueue()
    for key in ("a", "b", "a"):
        queue.add(key)

    assert queue.take(10) == ["a", "b"]
    assert len(queue) == 0


def test_a_key_is_never_in_two_hands() -> None:
    """What is added while it is worked on comes back when that is done, and only once."""
    queue: WorkQueue[str] = WorkQueue(workers=2)
    queue.add("a")
    assert queue.take(10) == ["a"]
    queue.add("a")
    queue.add("a")
    queue.add("b")
    assert queue.take(10) == ["b"]

    queue.done(["a"])

    assert queue.take(10) == ["a"]


def test_a_delayed_key_waits_unless_it_is_needed_earlier() -> None:
    """A delay is kept, and an earlier request wins over a later one whichever came first."""
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock=clock)
    queue.add("late", 10)
    queue.add("late", 20)
    queue.add("soon", 20)
    queue.add("soon")
    assert queue.take(10) == ["soon"]
    queue.done(["soon"])

    clock.now = 10
    assert queue.take(10) == ["late"]


@pytest.mark.parametrize(
    ("workers", "count", "taken"), [(1, 7, 5), (2, 7, 4), (4, 7, 2), (2, 1, 1)]
)
def test_waiting_keys_are_shared_among_waiting_workers(
    workers: int, count: int, taken: int
) -> None:
    """A worker leaves the others their share, and takes no more than the limit."""
    queue: WorkQueue[int] = WorkQueue(workers=workers)
    for key in range(count):
        queue.add(key)

    assert len(queue.take(5)) == taken


def test_no_two_alike_are_taken_together() -> None:
    """Keys that ``distinct`` cannot tell apart are left for the next worker."""
    queue: WorkQueue[tuple[str, str]] = WorkQueue()
    for key in (("n1", "a"), ("n2", "a"), ("n1", "b")):
        queue.add(key)

    assert queue.take(10, distinct=lambda key: key[1]) == [("n1", "a"), ("n1", "b")]


def test_closing_sends_everybody_home() -> None:
    """A worker that waits gets an empty list as soon as the queue is closed."""
    queue: WorkQueue[str] = WorkQueue()
    got: list[list[str]] = []
    worker = threading.Thread(target=lambda: got.append(queue.take()))
    worker.start()

    queue.close()

    worker.join(5)
    assert got == [[]]


@given(st.lists(st.sampled_from(["add a", "add b", "take", "done"])))
def test_nothing_that_was_added_is_lost(steps: list[str]) -> None:
    """Whatever happens, a key is worked on after the last time it was added."""
    queue: WorkQueue[str] = WorkQueue()
    owed: set[str] = set()
    held: list[list[str]] = []
    for step in steps:
        if step.startswith("add"):
            queue.add(step[-1])
            owed.add(step[-1])
        elif step == "done" and held:
            queue.done(held.pop())
        elif step == "take" and owed - {key for keys in held for key in keys}:
            held.append(queue.take(1))
            owed -= set(held[-1])
    for keys in held:
        queue.done(keys)

    assert len(queue) == len(owed)


def test_keys_that_come_in_quick_succession_are_taken_together() -> None:
    """Nothing is given out before it has been quiet, unless something has waited too long."""
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock=clock, settle=1.0)
    taken: list[list[str]] = []

    def take() -> None:
        thread = threading.Thread(target=lambda: taken.append(queue.take(10)))
        thread.start()
        thread.join(0.2)

    queue.add("a")
    take()
    assert taken == []
    clock.now = 0.9
    queue.add("b")
    clock.now = 1.8
    queue.add("c")
    assert taken == []
    clock.now = 2.8
    queue.add("later", delay=1.0)
    eventually = threading.Event()
    for _ in range(100):
        if taken:
            break
        eventually.wait(0.05)
    assert taken == [["a", "b", "c"]]


def test_settling_ends() -> None:
    """Keys that never stop coming do not keep the first one waiting."""
    clock = Clock()
    queue: WorkQueue[int] = WorkQueue(clock=clock, settle=1.0)
    for number in range(10):
        clock.now = number * 0.9
        queue.add(number)
    assert queue.take(3) == [0, 1, 2]
