"""`refused`: why the cluster did not take one object: which, which field, who, and what to do.

The API server says all of that in one sentence, each of its parts in its own; the plugin puts its
own words and a URN around it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from msvc_pulumi.cluster.claims import PULUMI, Place
from msvc_pulumi.errors import Diagnostic

__all__ = ["Conflict", "are_refusals", "conflicts", "is_answered", "named", "reason", "refused"]

# What the Kubernetes plugin puts before an API server's own words, with the URN of the resource.
PREAMBLE = re.compile(
    r'(?:update of )?resource "urn:[^"]*" (?:'
    r"was not successfully created by the Kubernetes API server|failed): |"
    r'the Kubernetes API server reported that "[^"]*" failed to fully initialize or become live: |'
    r'resource "urn:[^"]*" (?=was successfully created, but)'
)
PREVIEWED = "Preview failed: "
CONFLICT = re.compile(r"Apply failed with \d+ conflicts?: .*", re.DOTALL)
COUNT = re.compile(r"\d+ errors? occurred:")
# One manager's part of a conflict: its fields follow on one line, or each on a line of its own.
PART = re.compile(
    r'conflicts? with "(?P<manager>[^"]*)"(?: with subresource "(?P<subresource>[^"]*)")?'
    r"(?: using \S+?)?(?: at (?P<time>\S+?))?:(?P<fields>(?:\s+-?\s*\.\S+)+)"
)
QUOTA = re.compile(r"exceeded quota: (?P<who>[^,\s]+), requested: (?P<more>.*)", re.DOTALL)
POLICY = re.compile(
    r"(?P<who>(?:Validating|Mutating)AdmissionPolicy '[^']+'(?: with binding '[^']+')?|"
    r'admission webhook "[^"]+") denied (?:the )?request(?: without explanation)?:?\s*(?P<more>.*)|'
    r'(?P<pods>violates PodSecurity "[^"]+"): (?P<why>.*)',
    re.DOTALL,
)
# An API server that has just begun says so too, before it knows its ranges.
FULL = re.compile(r"failed to allocate (?P<what>[^:]*?)(?: for Service \"[^\"]*\")?: range is full")
WEBHOOK = re.compile(r'failed calling webhook "(?P<who>[^"]+)": (?P<more>.*)', re.DOTALL)
FIXED = re.compile(
    r"(?:(?P<field>[A-Za-z][\w.\[\]]*): (?:Invalid value|Forbidden): .*?)?"
    r"(?:field is immutable|cannot change roleRef|may not change once set|is immutable after)",
    re.DOTALL,
)
INVALID = re.compile(r'(?P<kind>\w+)[\w.]* "(?P<name>[^"]+)" is invalid: ')
RIGHTS = re.compile(r'User "(?P<who>[^"]+)" cannot (?P<more>.*)', re.DOTALL)
UNKNOWN = re.compile(r'no matches for kind "[^"]+" in version "[^"]+"')
EXISTS = re.compile(r"already exists")
AGAIN = "; then run it again"
# What `refused` tells of objects that the server left as they were.
CODES = {
    *("field-conflict", "quota-exceeded", "admission-denied", "webhook-failed", "immutable-field"),
    *("cluster-forbidden", "kind-not-served", "object-exists", "service-range-full"),
}


class Conflict(NamedTuple):
    """A field that ``manager`` owns; ``time`` is "" where the server does not say it."""

    field: str
    manager: str
    subresource: str
    time: str

    @property
    def is_scaling(self) -> bool:
        """Whether it is a replica count that an autoscaler, or `kubectl scale`, has set."""
        return self.subresource == "scale" and self.field == "spec.replicas"


def conflicts(message: str) -> list[Conflict]:
    """The fields in conflict that an error of a resource names."""
    whole = CONFLICT.search(message)
    return [
        Conflict(field, part["manager"], part["subresource"] or "", part["time"] or "")
        for part in (PART.finditer(whole[0]) if whole else ())
        for field in re.findall(r"\s\.(\S+)", part["fields"])
    ]


def reason(message: str) -> str:
    """The one thing that an error of a resource says, without the stack that it was said in.

    Of a list of errors it is the first; of a conflict the fields and who owns them.
    """
    if conflict := CONFLICT.search(message):
        return " ".join(conflict[0].split())
    lines = [line.strip(" \t*").removeprefix(PREVIEWED) for line in message.splitlines()]
    first = next((line for line in lines if line and not COUNT.fullmatch(line)), "")
    return PREAMBLE.sub("", first)


def refused(
    urn: str, message: str, place: Place | None = None, since: Mapping[Conflict, str] | None = None
) -> Diagnostic | None:
    """What the server said of one object; None if that is nothing that is known here.

    ``urn`` is the resource's, ``place`` where its object is. ``since`` is when the owners of
    fields in conflict last wrote them.
    """
    what, said = named(urn, place), reason(message)
    notes = (f"{urn.rpartition('::')[2]}: {said}" if urn else said,)
    problem = next(_recognised(what, message, said, place, since or {}), None)
    return replace(problem, notes=notes) if problem else None


def are_refusals(problems: Collection[Diagnostic]) -> bool:
    """Whether the server refused single objects and nothing else went wrong, so that all that was
    done is known.
    """
    return bool(problems) and all(one.code in CODES for one in problems)


def is_answered(message: str) -> bool:
    """Whether the server said it, through a plugin that was there to hear it."""
    return PREAMBLE.search(message) is not None or CONFLICT.search(message) is not None


def _recognised(
    what: str, message: str, said: str, place: Place | None, since: Mapping[Conflict, str]
) -> Iterator[Diagnostic]:
    space = f" -n {place.namespace}" if place and place.namespace else ""
    if CONFLICT.search(message):
        fields = _fields(conflicts(message), since) or said
        yield Diagnostic(
            "field-conflict",
            f"{what}: {fields}",
            help="leave the field to them: take it out of the ModelService or the BaseConfig; or "
            "take it over once: msvc up --force-conflicts (in a program of your own "
            "PULUMI_K8S_ENABLE_PATCH_FORCE=true)",
        )
    if found := QUOTA.search(said):
        yield Diagnostic(
            "quota-exceeded",
            f'{what}: ResourceQuota "{found["who"]}" has no room: requested {found["more"]}',
            help="see what takes the room with kubectl describe resourcequota "
            f"{found['who']}{space}; free some, or have the quota raised{AGAIN}",
        )
    if found := FULL.search(said):
        yield Diagnostic(
            "service-range-full",
            f"{what}: the cluster had no room for {found['what']}",
            help="an API server that has just begun says so for a moment; if it stays, delete "
            f"Services that nobody needs, or have the cluster's range widened{AGAIN}",
        )
    if found := POLICY.search(said):
        who, why = found["who"] or found["pods"], found["more"] or found["why"] or "no reason given"
        yield Diagnostic(
            "admission-denied",
            f"{what}: {who} denied it: {why}",
            help="change what it objects to in the ModelService or the BaseConfig, or have the "
            f"policy changed{AGAIN}; msvc validate --server asks beforehand",
        )
    if found := WEBHOOK.search(said):
        yield Diagnostic(
            "webhook-failed",
            f'{what}: the admission webhook "{found["who"]}" did not answer: {found["more"]}',
            help=f"have it repaired by whoever runs it{AGAIN}",
        )
    if found := FIXED.search(said):
        field = f"{found['field']} cannot be changed" if found["field"] else said
        target = "its kind and name"
        if place:
            target = f"{place.kind.lower()} {place.name}{space}"
        elif one := INVALID.search(said):  # it is none of this stack's
            target = f"{one['kind'].lower()} {one['name']}"
        yield Diagnostic(
            "immutable-field",
            f"{what}: {field}",
            help="state it as it was, or have the object made anew: delete it with kubectl delete "
            f"{target} (with --cascade=orphan its pods go on){AGAIN}",
        )
    if found := RIGHTS.search(said):
        yield Diagnostic(
            "cluster-forbidden",
            f'{what}: "{found["who"]}" may not {found["more"]}',
            help=f"ask the cluster's administrator for the permission{AGAIN}",
        )
    if found := UNKNOWN.search(said):
        yield Diagnostic(
            "kind-not-served",
            f"{what}: the cluster serves no such kind: {found[0]}",
            help=f"install its CustomResourceDefinition{AGAIN}",
        )
    if EXISTS.search(said):
        yield Diagnostic(
            "object-exists",
            f"{what} is in the cluster already, and this stack did not make it",
            help="delete or rename it. `msvc up -m` and the operator take over what "
            "llm-d-model-service made, and what its owner annotates with "
            "llm-d.ai/adopt=NAME-OF-THE-MODELSERVICE; other programs do so with "
            "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true",
        )


def _fields(found: list[Conflict], since: Mapping[Conflict, str]) -> str:
    """Which fields, who set them, and when."""
    # What a cut-off run of ours has set is no obstacle of its own.
    found = [one for one in found if not one.manager.startswith(PULUMI)] or found
    parts = []
    for manager in dict.fromkeys(one.manager for one in found):
        theirs = [one for one in found if one.manager == manager]
        when = next((time for one in theirs if (time := one.time or since.get(one, ""))), "")
        fields = ", ".join(dict.fromkeys(one.field for one in theirs))
        parts.append(f'{fields} was set by "{manager}"{f" at {when}" if when else ""}')
    return "; ".join(parts)


def named(urn: str, place: Place | None) -> str:
    """How an object is called: by kind and place, or where that is not known by its resource."""
    if place is not None:
        space = f' in namespace "{place.namespace}"' if place.namespace else ""
        return f'{place.kind} "{place.name}"{space}'
    front, _, name = urn.rpartition("::")
    return f"{front.rpartition(':')[2]} {name}" if front else "an object"
