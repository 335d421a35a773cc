"""What is told of a plan that exceeds a bound which the system holds."""

from __future__ import annotations

from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.planning.bounds import Bounds

__all__ = ["CODE", "answer", "memory", "seconds"]

CODE = "template-limit"
HELP = (
    "what is rendered and merged for one ModelService is bounded, whatever it is: simplify the "
    "templates of its args and of its BaseConfig. It is planned again when one of them changes."
)


def seconds(most: Bounds) -> Diagnostic:
    """It did not end in time."""
    return _exceeded(f"{most.seconds:g} s of processor time")


def memory(most: Bounds) -> Diagnostic:
    return _exceeded(f"{most.memory >> 20} MiB of memory")


def answer(most: Bounds) -> Diagnostic:
    """Its objects are too large."""
    text = f"the planned objects have more than {most.answer >> 20} MiB of text together"
    return Diagnostic(CODE, text, help=HELP)


def _exceeded(what: str) -> Diagnostic:
    return Diagnostic(CODE, f"planning takes more than {what}", help=HELP)
