"""What options and answers of ``msvc init`` say: each function reads one kind of text.

They raise ArgumentTypeError with what is wrong with it, which argparse and questions repeat.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from msvc_pulumi.artifacts import parse_artifact
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.rules.names import dns_label, dns_subdomain
from msvc_pulumi.schema.quantity import QuantityError, canonical
from msvc_pulumi.starter.choices import SOURCES, source_of

__all__ = ["gpus", "label", "name", "one_of", "or_none", "quantity", "truth", "uri", "url"]

MOST_GPUS = 64  # of one pod; more than any node has
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
URL = re.compile(r"https?://[\w.:/-]+")


def one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in known:
            return text
        raise argparse.ArgumentTypeError(f'"{text}" is none of {", ".join(known)}')

    return read


def or_none(read: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: read(text) if text else ""


def truth(text: str) -> bool:
    answers = {"y": True, "yes": True, "n": False, "no": False}
    if text.lower() in answers:
        return answers[text.lower()]
    raise argparse.ArgumentTypeError("answer yes or no")


def uri(text: str) -> str:
    """Wrong usage where no model is at ``text``: before questions, and again after an answer."""
    found = parse_artifact(text)
    problem = found if isinstance(found, Diagnostic) else found.problem
    if source_of(text) not in SOURCES:
        near = f"; did you mean hf://{text}?" if REPOSITORY.fullmatch(text) else ""
        raise argparse.ArgumentTypeError(f'"{text}" is no URI such as {SOURCES["hf"]}{near}')
    if problem or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f'"{text}" is no URI such as {SOURCES[source_of(text)]}')
    return text


def label(text: str) -> str:
    if problem := dns_label(text):
        raise argparse.ArgumentTypeError(f'"{text}": {problem}')
    return text


def name(text: str) -> str:
    if problem := dns_subdomain(text):
        raise argparse.ArgumentTypeError(f'"{text}": {problem}')
    return text


def quantity(text: str) -> str:
    try:
        value = canonical(text)
    except QuantityError as problem:
        raise argparse.ArgumentTypeError(
            f'"{text}" is no size such as 20Gi: {problem}'
        ) from problem
    if value[0] in "-0":
        raise argparse.ArgumentTypeError(f'"{text}" is no size such as 20Gi: nothing fits')
    return text


def gpus(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_GPUS:
        return int(text)
    raise argparse.ArgumentTypeError(f'"{text}" is no number from 1 to {MOST_GPUS}')


def url(text: str) -> str:
    if URL.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f'"{text}" is no address such as http://prometheus:9090')
