"""Returns sprig's functions on times that were given; those that ask for the present are off.

Local time is UTC here, so that a template gives the same on a laptop and in a cluster.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from ..errors import FunctionError, LimitExceededError
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Int64, Methods, Opaque, Value
from ..strconv.literals import parse_int

__all__ = ["FUNCTIONS"]

_LONGEST = 1_000
_UNITS = (
    (31_536_000, "y"),
    (2_592_000, "mo"),
    (86_400, "d"),
    (3_600, "h"),
    (60, "m"),
    (1, "s"),
)
_SECOND = 1_000_000_000
# sprig takes the present for a date it does not understand
_NO_PRESENT = "the present time is off in templates; give a time or seconds"


@cache
def _gotime() -> Any:
    return import_module("gotime.go")


@cache
def _goduration() -> Any:
    return import_module("goduration.go")


@lru_cache(maxsize=64)
def _location(zone: str) -> Any:
    location = _gotime().Location
    if zone in ("", "UTC", "Local"):
        return location.load("UTC")
    try:
        return location.load(zone)
    except (ValueError, OSError, LookupError):
        return location.load("UTC")


def _time(instant: Any) -> Opaque:
    """A time.Time with the methods that templates use."""

    def after(other: Opaque) -> bool:
        return bool(instant.after(other.payload))

    def before(other: Opaque) -> bool:
        return bool(instant.before(other.payload))

    def equal(other: Opaque) -> bool:
        return bool(instant.equal(other.payload))

    methods: Methods = {
        "After": (("time",), after),
        "Before": (("time",), before),
        "Day": ((), lambda: int(instant.day)),
        "Equal": (("time",), equal),
        "Format": (("string",), lambda layout: _format(instant, layout)),
        "Hour": ((), lambda: int(instant.hour)),
        "IsZero": ((), lambda: bool(instant.is_zero())),
        "Minute": ((), lambda: int(instant.minute)),
        "Month": ((), lambda: _named("time.Month", instant.month)),
        "Nanosecond": ((), lambda: int(instant.nanosecond)),
        "Second": ((), lambda: int(instant.second)),
        "String": ((), lambda: str(instant)),
        "UTC": ((), lambda: _time(instant.utc())),
        "Unix": ((), lambda: Int64(instant.unix())),
        "UnixMilli": ((), lambda: Int64(instant.unix_milliseconds())),
        "UnixNano": ((), lambda: Int64(instant.unix_nanoseconds())),
        "Weekday": ((), lambda: _named("time.Weekday", instant.weekday)),
        "Year": ((), lambda: int(instant.year)),
        "YearDay": ((), lambda: int(instant.year_day)),
    }
    text = "2006-01-02 15:04:05.999999999 -0700 MST"
    return Opaque("time.Time", "struct", instant, lambda: str(instant.format(text)), methods)


def _named(go_type: str, value: Any) -> Opaque:
    return Opaque(go_type, "int", value, lambda: str(value), {"String": ((), lambda: str(value))})


def _format(instant: Any, layout: str) -> str:
    meter().size(len(layout) * 4)
    meter().work(len(layout) * 4)
    return str(instant.format(layout))


def _instant(date: Value) -> Any:
    if isinstance(date, Opaque) and date.go_type == "time.Time":
        return date.payload
    if isinstance(date, int) and not isinstance(date, bool):
        try:
            return _gotime().Time.from_unix(int(date))
        except (OverflowError, ValueError) as problem:
            raise FunctionError(str(problem)) from None
    raise FunctionError(_NO_PRESENT)


def _in_zone(layout: str, date: Value, zone: str) -> str:
    return _format(_instant(date).in_location(_location(zone)), layout)


def _parsed(layout: str, text: str) -> Opaque:
    if len(layout) + len(text) > _LONGEST:
        raise LimitExceededError(f"a time has more than {_LONGEST} characters")
    try:
        return _time(_gotime().Time.parse_in_location(layout, text, _location("UTC")))
    except ValueError as problem:
        raise FunctionError(str(problem)) from None


def _to_date(layout: str, text: str) -> Opaque:
    try:
        return _parsed(layout, text)
    except FunctionError:
        return _time(_gotime().Time.zero())


def _duration_of(text: str) -> Any:
    if len(text) > _LONGEST:
        raise LimitExceededError(f"a time has more than {_LONGEST} characters")
    try:
        return _goduration().Duration.parse(text)
    except ValueError as problem:
        raise FunctionError(str(problem)) from None


def _must_modify(change: str, date: Opaque) -> Opaque:
    return _time(date.payload.add(_duration_of(change)))


def _modify(change: str, date: Opaque) -> Opaque:
    try:
        return _must_modify(change, date)
    except FunctionError:
        return date


def _wrapped(nanoseconds: int) -> int:
    return (nanoseconds + (1 << 63) & (1 << 64) - 1) - (1 << 63)


def _duration(seconds: Value) -> str:
    count = 0
    if isinstance(seconds, str):
        try:
            count = parse_int(seconds)
        except ValueError:
            count = 0
    elif isinstance(seconds, Int64):
        count = int(seconds)
    return str(_goduration().Duration(_wrapped(count * _SECOND)))


def _duration_round(value: Value) -> str:
    nanoseconds = 0
    if isinstance(value, str):
        try:
            nanoseconds = _duration_of(value).nanoseconds
        except FunctionError:
            nanoseconds = 0
    elif isinstance(value, Int64):
        nanoseconds = int(value)
    elif isinstance(value, Opaque) and value.go_type == "time.Time":
        raise FunctionError(_NO_PRESENT)
    size = abs(nanoseconds)
    return next(
        (f"{size // (unit * _SECOND)}{name}" for unit, name in _UNITS if size > unit * _SECOND),
        "0s",
    )


FUNCTIONS = declare(
    {
        "date": (lambda layout, date: _in_zone(layout, date, "Local"), "string any"),
        "date_in_zone": (_in_zone, "string any string"),
        "date_modify": (_modify, "string time"),
        "dateInZone": (_in_zone, "string any string"),
        "dateModify": (_modify, "string time"),
        "duration": (_duration, "any"),
        "durationRound": (_duration_round, "any"),
        "htmlDate": (lambda date: _in_zone("2006-01-02", date, "Local"), "any"),
        "htmlDateInZone": (lambda date, zone: _in_zone("2006-01-02", date, zone), "any string"),
        "must_date_modify": (_must_modify, "string time"),
        "mustDateModify": (_must_modify, "string time"),
        "mustToDate": (_parsed, "string string"),
        "toDate": (_to_date, "string string"),
        "unixEpoch": (lambda date: str(date.payload.unix()), "time"),
    }
)
