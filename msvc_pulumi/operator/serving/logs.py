"""Logs of the operator: one line an event, as text or as JSON for a collector."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from msvc_pulumi.report import visible

__all__ = ["configure"]

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
OWN = "msvc_pulumi"
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


def configure(level: str, form: str) -> None:
    """Log to stderr from ``level`` on, one of zap's; ``form`` is "text" or "json".

    Of libraries only warnings are shown.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OWN).setLevel(LEVELS.get(level, logging.CRITICAL))


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{key}={visible(str(value))}" for key, value in _extra(record).items())
        # what users state is in the words of the API server, too: no line of it begins an entry
        message = "\n  ".join(visible(line) for line in record.getMessage().split("\n"))
        text = f"{_time(record)} {record.levelname.lower():7} {message}"
        text = f"{text} {facts}" if facts else text
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {
        key: value
        for key, value in vars(record).items()
        if key not in STANDARD and isinstance(value, str | int | float)
    }
