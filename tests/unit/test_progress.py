"""Tasks move on a terminal, are told once a minute in a log, and leave only what was said."""

from __future__ import annotations

import io
import re
import threading
import time

import pytest

from msvc_pulumi import progress
from msvc_pulumi.progress import Display, clock, is_terminal


class Screen(io.StringIO):
    """A terminal that understands what a `Display` writes: lines, up, and clear to the end."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        shown, row = [""], 0
        for part in re.split(r"(\x1b\[\d*[AJ]|\r|\n)", self.getvalue()):
            if part.endswith("A") and part.startswith("\x1b"):
                row -= int(part[2:-1])
            elif part == "\x1b[J":
                shown[row:] = [""]
            elif part == "\n":
                row += 1
                shown += [""] * (row + 1 - len(shown))
            elif part and part != "\r":
                shown[row] = part
        return shown[:-1] if not shown[-1] else shown


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "FRAME", 0.01)
    return Screen()


def display_on(screen: Screen) -> Display:
    return Display(lambda line: print(line, file=screen), terminal=screen)


def eventually(screen: Screen, text: str) -> list[str]:
    end = time.monotonic() + 5
    while not any(text in line for line in screen.lines):
        assert time.monotonic() < end, screen.lines
        time.sleep(0.01)
    return screen.lines


def test_tasks_move_below_what_was_said(screen: Screen) -> None:
    """Each running task has one line, no wider than the terminal; lines that stay are above."""
    display = display_on(screen)
    display("first")
    with display.task("one", expected=90) as one, display.task("two" * 40):
        one.count(3, 9, "parts")
        display("second")
        shown = eventually(screen, "3 of 9 parts")
        assert shown[:2] == ["first", "second"]
        assert shown[2].startswith("one  0:00 of about 1:30, ")
        assert len(shown) == 4 and len(shown[3]) < 60
    assert screen.lines == ["first", "second"]


def test_a_short_task_leaves_the_terminal_alone(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "DELAY", 10.0)
    with display_on(screen).task("quick"):
        time.sleep(0.05)
    assert screen.getvalue() == ""


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing moves, what lasts is told of once in each `MINUTE`; the rest never."""
    monkeypatch.setattr(progress, "MINUTE", 0.2)
    monkeypatch.setattr(progress, "FRAME", 0.01)
    said: list[str] = []
    display = Display(said.append)
    with display.task("long"):
        time.sleep(0.5)
    with display.task("short"):
        time.sleep(0.01)
    assert 1 <= len(said) <= 2
    assert all(line.startswith("long  0:0") for line in said)
    assert "\x1b" not in "".join(said)


def test_a_silent_one_says_nothing(screen: Screen) -> None:
    display = Display(lambda line: print(line, file=screen), terminal=screen, is_silent=True)
    display("line")
    with display.task("task") as task:
        display.announce(task)
        time.sleep(0.05)
    assert screen.getvalue() == ""


def test_no_thread_stays(screen: Screen) -> None:
    """What watches the tasks ends with the last of them, and comes back with the next."""
    before = threading.active_count()
    display = display_on(screen)
    for _ in range(3):
        with display.task("one"):
            eventually(screen, "one")
    end = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < end


@pytest.mark.parametrize(
    ("terminal", "name", "moves"),
    [(True, "xterm", True), (True, "dumb", False), (True, "", False), (False, "xterm", False)],
)
def test_only_a_terminal_that_can_is_written_over(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, name: str, moves: bool
) -> None:
    monkeypatch.setenv("TERM", name)
    stream = Screen() if terminal else io.StringIO()
    assert is_terminal(stream) is moves


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.9, "0:00"), (61, "1:01"), (3599, "59:59"), (3723, "1:02:03")]
)
def test_durations_are_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
