"""Flags and variables that an endpoint picker or routing sidecar does not take as they are stated.

Which ones a program takes follows from its image, by the table of `commandline.goprograms`. What is
not sure of every release that an image may be is not said; nor is what is merely unusual.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.gocontainer import GoContainer, Told, containers
from msvc_pulumi.commandline.goprograms import Candidates, candidates, letters
from msvc_pulumi.commandline.image import SIDECARS, Image
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.nearest import nearest
from msvc_pulumi.pattern import pattern

__all__ = ["flag_warnings", "is_routing_sidecar"]

CONFIGURED = "parameters of the metrics-data-source plugin"
# What to write for a flag where the other releases have none of the same letters.
INSTEAD: dict[str, tuple[str, ...]] = {
    "connector": ("kv-connector",),
    "kv-connector": ("connector",),
    "vllm-port": ("model-server-port",),
    "model-server-port": ("vllm-port",),
    "prefiller-use-tls": ("enable-tls=prefiller",),
    "decoder-use-tls": ("enable-tls=decoder",),
    "prefiller-tls-insecure-skip-verify": ("tls-insecure-skip-verify=prefiller",),
    "decoder-tls-insecure-skip-verify": ("tls-insecure-skip-verify=decoder",),
    "enable-tls": ("prefiller-use-tls", "decoder-use-tls"),
    "tls-insecure-skip-verify": (
        "prefiller-tls-insecure-skip-verify",
        "decoder-tls-insecure-skip-verify",
    ),
    "inference-pool-name": ("inference-pool=NAMESPACE/NAME",),
    "inference-pool-namespace": ("inference-pool=NAMESPACE/NAME",),
    "inference-pool": ("inference-pool-name", "inference-pool-namespace"),
    "v": ("zap-log-level",),
}
# What takes a flag's place that is none.
IN_CONFIGURATION: dict[str, str] = {
    **{
        f"model-server-metrics-{name}": CONFIGURED
        for name in ("port", "path", "scheme", "https-insecure-skip-verify")
    },
    **{
        f"{name}-metric": "engineConfigs of the EndpointPickerConfig"
        for name in (
            "total-queued-requests",
            "total-running-requests",
            "kv-cache-usage-percentage",
            "lora-info",
            "cache-info",
        )
    },
}
# llm-d-inference-scheduler 0.0 and 0.1, pkg/config: what it is to do, in its environment.
OBSOLETE_VARIABLE = pattern(
    r"PD_ENABLED|PD_PROMPT_LEN_THRESHOLD"
    r"|(PREFILL_)?ENABLE_[A-Z0-9_]+_(SCORER|FILTER)"
    r"|[A-Z0-9_]+_SCORER(_WEIGHT|_BLOCK_SIZE|_QUEUE_THRESHOLD)?"
)
CONFIGURABLE = (0, 2)  # llm-d-inference-scheduler, from where on a configuration says that
SWITCH_VALUES = frozenset(
    ("1", "0", "t", "f", "T", "F", "true", "false", "TRUE", "FALSE", "True", "False")
)
SEPARATED = ("enable-tls", "tls-insecure-skip-verify")  # values with commas


def is_routing_sidecar(image: str) -> bool:
    """Whether the image is llm-d's routing sidecar, from any registry and of any version."""
    return Image.of(image).name in SIDECARS


def flag_warnings(children: Sequence[Child]) -> Iterator[Diagnostic]:
    """A warning for every flag, value and variable that its program's release does not take."""
    for child in children:
        for path in containers(child):
            known = candidates(child.get(path.child("image")) or "")
            if known is None:
                continue
            here = GoContainer.of(child, path)
            for flag in here.line.reading.flags:
                if not _is_usual(known, flag.spelling) or flag.is_switch:
                    yield from _flag(child, here.tell(flag), known)
            if here.end is not None and here.end[1] not in [t.aside_at for t in here.told]:
                yield _unread(here, *here.end)
            yield from _variables(child, here, known)


@lru_cache(maxsize=1024)
def _is_usual(known: Candidates, spelling: str) -> bool:
    """Whether there is nothing to say of a flag that is written so, whatever its value."""
    name = spelling.removeprefix("--")
    return known.takes(name) and not any(
        known.program.values(name) or row.deprecated <= known.last for row in known.rows(name)
    )


def _flag(child: Child, told: Told, known: Candidates) -> Iterator[Diagnostic]:
    name = told.flag.name
    if name in ("h", "help") or "$" in told.flag.spelling:
        return
    if known.refuses(name):
        yield from _refused(child, told, known)
        return
    if not told.flag.spelling.startswith("--") and len(name) > 1 and known.is_strict():
        yield child.warning(
            "single-dash-flag",
            f"{told.flag.spelling} is refused: {known.title()} takes what is behind one dash for "
            "single letters, and ends at once",
            told.place,
            f"write --{name}",
        )
    since = [row for row in known.rows(name) if row.covers(known.first)]
    if since and known.all(lambda number: _is(known, name, number, "deprecated")):
        summary = f"was deprecated in {known.program.title(since[0].deprecated)}"
        if known.all(lambda number: _is(known, name, number, "refused")):
            summary = (
                f"is refused since {known.program.title(since[0].refused)}, which ends at once"
            )
        yield child.warning(
            "deprecated-flag", f"{told.flag.spelling} {summary}", told.place, _advice(told, known)
        )
    yield from _values(child, told, known)
    yield from _switch(child, told)


def _is(known: Candidates, name: str, number: int, fact: Literal["deprecated", "refused"]) -> bool:
    return any(row.covers(number) and getattr(row, fact) <= number for row in known.rows(name))


def _switch(child: Child, told: Told) -> Iterator[Diagnostic]:
    """A switch with a value that it does not take, or does not see."""
    spelling, value = told.flag.spelling, told.value
    if told.aside_at is not None:
        yield child.warning(
            "switch-value",
            f'{spelling} takes a value only behind "=": it is on, and "{told.aside}" is a word of '
            "its own",
            told.path.child(*told.aside_at),
            f"write {spelling}={told.aside.lower()}",
        )
    elif (
        told.flag.is_switch
        and told.flag.is_joined
        and not told.is_open
        and value not in SWITCH_VALUES
    ):
        yield child.warning(
            "unsupported-value",
            f'Unsupported value: "{value}": {spelling} is a switch, and the program ends at once',
            told.value_place,
            f"write {spelling}=true or {spelling}=false",
        )


def _refused(child: Child, told: Told, known: Candidates) -> Iterator[Diagnostic]:
    """A flag that no release takes which the image may be."""
    rows = known.rows(told.flag.name)
    flag = told.flag.spelling
    advice = _advice(told, known)
    later = [row.first for row in rows if row.first > known.last]
    earlier = [row.last for row in rows if row.last < known.first]
    if later and not earlier:
        since = known.program.title(min(later))
        summary = f"{flag} is not known before {since}, and the image is older"
        newer = "use a newer image"
        advice = newer if advice == "remove it" else f"{advice}, or {newer}"
        yield child.warning("unknown-flag", summary, told.place, advice)
    elif earlier:
        gone = known.program.title(max(earlier) + 1)
        code = "renamed-flag" if advice.startswith("write --") else "removed-flag"
        done = "renamed" if code == "renamed-flag" else "removed"
        yield child.warning(code, f"{flag} was {done} in {gone}", told.place, advice)
    elif known.is_stated and not rows:
        summary = f"{flag} is no flag of {known.title()}: it ends at once"
        yield child.warning("unknown-flag", summary, told.place, advice)


def _advice(told: Told, known: Candidates) -> str:
    """What to write for a flag that is not taken, or not for long."""
    name = told.flag.name
    others = [*known.program.by_letters.get(letters(name), ()), *INSTEAD.get(name, ())]
    fits = [
        f"--{other}" for other in others if other != name and known.takes(other.partition("=")[0])
    ]
    if fits:
        return f"write {' and '.join(fits)}"
    if name in IN_CONFIGURATION:
        return f"write {IN_CONFIGURATION[name]}"
    if not known.rows(name):
        close = nearest(name, [other for other in known.program.rows if known.takes(other)])
        if close:
            return f"write --{close}"
    return "remove it"


def _values(child: Child, told: Told, known: Candidates) -> Iterator[Diagnostic]:
    """A value that the sidecar does not know: it says so and ends as if all were well."""
    stretches = known.program.values(told.flag.name)
    if not stretches or known.is_later or told.is_open or not told.value:
        return
    span = range(known.first, known.last + 1)
    taken = [v for v, first, last in stretches if any(first <= number <= last for number in span)]
    values = told.value.split(",") if told.flag.name in SEPARATED else [told.value]
    for value in values:
        if value not in taken:
            yield child.warning(
                "unsupported-value",
                f'Unsupported value: "{value}": {known.title()} logs an error and ends with exit '
                "code 0",
                told.value_place,
                f"supported values: {', '.join(taken)}",
            )


def _unread(here: GoContainer, word: str, at: tuple[str, int]) -> Diagnostic:
    return here.child.warning(
        "unread-arguments",
        f'no flag is read behind "{word}", which is none',
        here.path.child(*at),
        "remove it, or write it behind its flag with =",
    )


def _variables(child: Child, here: GoContainer, known: Candidates) -> Iterator[Diagnostic]:
    if known.program.name == "llm-d":
        is_deaf = known.are_since(CONFIGURABLE)
    else:  # the Inference Extension's own picker never listened to them
        is_deaf = known.program.name == "extension" and known.is_stated
    if not is_deaf:
        return
    flag = next((f"--{name}" for name in ("config-file", "configFile") if known.takes(name)), "")
    given = f", given by {flag}" if flag else ""
    remedy = f"name the plugins and profiles in an EndpointPickerConfig{given}"
    if known.refuses("config-file") and known.refuses("configFile"):
        remedy = "remove it"
    for number, variable in enumerate(here.container.get("env") or []):
        if OBSOLETE_VARIABLE.fullmatch(variable.get("name", "")):
            yield child.warning(
                "obsolete-variable",
                f"{variable['name']} is not read: llm-d-inference-scheduler did before v0.2",
                here.path.child("env", number),
                remedy,
            )
