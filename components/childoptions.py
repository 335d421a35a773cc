"""`divided`: the options of a component, and what of them is for each of its children.

Pulumi hands on to children what concerns who makes them and how long they stay. What names
properties it applies to the component alone, which has none.
"""

import copy
from collections.abc import Callable, Iterable, Iterator

import pulumi

from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, Severity, SpecError
from msvc_pulumi.interpolation.sectiontypes import SECTIONS
from msvc_pulumi.nearest import nearest

__all__ = ["divided", "idle_options"]

PATHS = ("ignore_changes", "replace_on_changes", "additional_secret_outputs", "hide_diffs")
"""Options that name properties: for a child they begin with its plan key."""
IDLE = ("delete_before_replace", "import_", "plugin_download_url", "replacement_trigger", "version")
KEYS = (*SECTIONS, "pdServiceAccount", "eppServiceAccount", "eppRole", "eppRoleBinding")

ChildOptions = Callable[[str], pulumi.ResourceOptions]


def divided(
    opts: pulumi.ResourceOptions | None, keys: Iterable[str]
) -> tuple[pulumi.ResourceOptions | None, ChildOptions]:
    """``opts`` for the component itself, and for the child of each plan key in ``keys``.

    Raises:
        SpecError: a path begins with the key of no child.
    """
    if opts is None:
        return None, lambda _: pulumi.ResourceOptions()
    own = copy.copy(opts)
    known = [*keys, *KEYS]
    paths: dict[str, list[tuple[str, str]]] = {}
    diagnostics = Diagnostics()
    for option in PATHS:
        for index, path in enumerate(getattr(opts, option, None) or ()):
            key, rest = _split(path, known)
            if rest:
                paths.setdefault(key, []).append((option, rest))
            else:
                diagnostics.add(_nobodys(path, FieldPath.of("opts", option, index)))
        if hasattr(own, option):
            setattr(own, option, None)
    diagnostics.raise_errors(SpecError)

    def of_child(key: str) -> pulumi.ResourceOptions:
        found = pulumi.ResourceOptions(custom_timeouts=opts.custom_timeouts)
        for option, path in paths.get(key, ()):
            setattr(found, option, [*(getattr(found, option) or ()), path])
        return found

    return own, of_child


def idle_options(opts: pulumi.ResourceOptions | None) -> Iterator[Diagnostic]:
    """A warning for each option that does nothing for a ModelService."""
    for option in IDLE:
        if getattr(opts, option, None) is not None:
            yield Diagnostic(
                "invalid-argument",
                "does nothing: it reaches no child of a ModelService",
                Severity.WARNING,
                field=FieldPath.of("opts", option),
                help="a transform can give it to the children",
            )


def _split(path: str, keys: Iterable[str]) -> tuple[str, str]:
    """The key that ``path`` begins with and what follows it, "" if it is none's or all of one."""
    for key in sorted(keys, key=len, reverse=True):
        if path.startswith(key) and path[len(key) : len(key) + 1] in (".", "["):
            return key, path[len(key) :].removeprefix(".")
    return "", ""


def _nobodys(path: str, at: FieldPath) -> Diagnostic:
    first = path.partition(".")[0].partition("[")[0]
    near = nearest(first, KEYS)
    example = path if near is None else path.replace(first, near, 1)
    example = f"decodeDeployment.{path}" if near is None else example
    return Diagnostic(
        "invalid-argument",
        f'"{path}" is a property of no child',
        field=at,
        help=f"begin with the child's key, as in the output children: {example}",
    )
