"""The operator's logs: whatever a message repeats, one event is one entry."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from msvc_pulumi.operator.serving import logs

HOSTILE = "denied: x\x1b[2J\n2026-01-01T00:00:00.000+00:00 INFO    all is well\r\u202e"


@pytest.fixture
def restored() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.usefixtures("restored")
def test_no_message_begins_an_entry(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends of a message do not look like the next event, and a terminal obeys nothing."""
    logs.configure("info", form)
    logging.getLogger("msvc_pulumi.test").warning("%s", HOSTILE, extra={"reason": HOSTILE})

    first, *others = capsys.readouterr().err.splitlines()
    assert all(line.startswith("  ") for line in others)
    assert all(text.isprintable() for text in (first, *others))
    if form == "json":
        assert json.loads(first)["message"] == HOSTILE
