"""`enclose`: this process reaches nothing outside itself any more, where Linux has Landlock.

See landlock(7). It may read what Python loads and the time zones, and nothing else: no token, no
state, no secret of the user it runs as. It can connect to nobody and signal nobody.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import zoneinfo
from collections.abc import Iterable

import msvc_pulumi

__all__ = ["enclose"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same number on every architecture
VERSION_ASKED = 1
PATH_BENEATH = 1
NO_NEW_PRIVILEGES = 38
READ_FILE, READ_DIR = 1 << 2, 1 << 3
# Version of Landlock → how many kinds of access to files it knows; it cannot refuse others.
FILE_ACCESSES = {1: 13, 2: 14, 3: 15, 4: 15}
ALL_FILE_ACCESSES = 16
BIND_AND_CONNECT, ABSTRACT_SOCKETS_AND_SIGNALS = 0b11, 0b11


def enclose() -> bool:
    """Whether it is so now; the planner works without, as the user it runs as may."""
    if sys.platform != "linux":
        return False
    try:
        version = _call(CREATE_RULESET, None, 0, VERSION_ASKED)
        rules = _ruleset(version)
        try:
            for folder in {os.path.realpath(one) for one in _readable() if os.path.isdir(one)}:
                _allow(rules, folder)
            if ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
                return False
            _call(RESTRICT_SELF, rules, 0)
        finally:
            os.close(rules)
    except OSError:  # a Linux without it
        return False
    return True


def _readable() -> Iterable[str]:
    return (*sys.path, *msvc_pulumi.__path__, *zoneinfo.TZPATH)


def _ruleset(version: int) -> int:
    files = (1 << FILE_ACCESSES.get(version, ALL_FILE_ACCESSES)) - 1
    parts = [files]
    if version >= 4:
        parts.append(BIND_AND_CONNECT)
    if version >= 6:
        parts.append(ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(parts)}Q", *parts)
    return _call(CREATE_RULESET, attributes, len(attributes), 0)


def _allow(rules: int, folder: str) -> None:
    """What is below ``folder`` may be read."""
    place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", READ_FILE | READ_DIR, place)
        _call(ADD_RULE, rules, PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: bytes | int | None) -> int:
    """What a system call returns. Raises OSError."""
    system = ctypes.CDLL(None, use_errno=True).syscall
    values = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(system(ctypes.c_long(number), *values))
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    return result
