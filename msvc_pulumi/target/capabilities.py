"""Which kinds a cluster serves, so that what it does not serve is left out with a reason.

`None` where a `Capabilities` is expected means that nobody knows: everything is taken for served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.errors import Diagnostic, Diagnostics, LoadError, Span
from msvc_pulumi.target.kinds import Kind

__all__ = ["OPTIONAL", "Capabilities"]

# Kinds that a cluster may lack, and what brings them.
OPTIONAL: dict[Kind, str] = {
    Kind("gateway.networking.k8s.io/v1", "HTTPRoute"): "the Gateway API",
    Kind("inference.networking.x-k8s.io/v1alpha2", "InferencePool"): (
        "the Gateway API Inference Extension before v1.5, or use --inference-api v1"
    ),
    Kind("inference.networking.x-k8s.io/v1alpha2", "InferenceModel"): (
        "the Gateway API Inference Extension before v1.0, or use --inference-api v1"
    ),
    Kind("inference.networking.k8s.io/v1", "InferencePool"): (
        "the Gateway API Inference Extension, v1.0 or later"
    ),
    Kind("llm-d.ai/v1alpha2", "InferenceObjective"): "the llm-d router",
    Kind("llm-d.ai/v1alpha2", "InferenceModelRewrite"): "the llm-d router",
    Kind("inference.networking.x-k8s.io/v1alpha2", "InferenceObjective"): (
        "the Gateway API Inference Extension, v1.0 to v1.5"
    ),
    Kind("inference.networking.x-k8s.io/v1alpha2", "InferenceModelRewrite"): (
        "the Gateway API Inference Extension, v1.2 to v1.5"
    ),
    Kind("keda.sh/v1alpha1", "ScaledObject"): "KEDA",
    Kind("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"): "LeaderWorkerSet (LWS)",
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The kinds and whole API versions that a cluster serves."""

    kinds: frozenset[Kind] = frozenset()
    api_versions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, kinds: Iterable[tuple[str, str]]) -> Capabilities:
        """The capabilities of a cluster that serves ``kinds``: pairs of apiVersion and kind."""
        return cls(frozenset(Kind(version, kind) for version, kind in kinds))

    @classmethod
    def discover(cls, serves: Callable[[str, str], bool]) -> Capabilities:
        """Which of the optional kinds a cluster has; ``serves`` asks it for an apiVersion and kind.

        Raises what ``serves`` raises.
        """
        return cls(frozenset(kind for kind in OPTIONAL if serves(kind.api_version, kind.kind)))

    def serves(self, kind: Kind) -> bool:
        """Whether the cluster serves the kind."""
        return kind in self.kinds or kind.api_version in self.api_versions

    @classmethod
    def parse(cls, source: Source) -> Capabilities:
        """The capabilities that a text lists, one a line.

        A line is a row of ``kubectl api-resources`` (also of ``-o wide``; the header may stay), a
        row of ``kubectl api-versions``, which stands for all kinds of that version, or
        ``apiVersion/Kind``; a leading ``- ``, blank lines and comments from ``#`` do not count.

        Raises:
            LoadError: a line is none of these, or none is left.
        """
        found = Diagnostics()
        kinds: set[Kind] = set()
        versions: set[str] = set()
        for number, line in enumerate(source.text.splitlines(), start=1):
            words = line.partition("#")[0].strip().removeprefix("- ").split()
            if not words or "APIVERSION" in words:
                continue
            entry = _entry(words)
            if isinstance(entry, Kind):
                kinds.add(entry)
            elif entry:
                versions.add(entry)
            else:
                found.error(
                    "invalid-capabilities",
                    f'"{line.strip()}" names no API version or kind',
                    span=Span(source.name, number, 1, max(len(line), 1), line),
                    help="give what `kubectl api-resources` prints, or lines like "
                    "keda.sh/v1alpha1/ScaledObject",
                )
        if not (kinds or versions or found.errors):
            found.add(
                Diagnostic(
                    "invalid-capabilities",
                    f'"{source.name}" lists nothing that a cluster serves',
                    help="give what `kubectl api-resources` prints",
                )
            )
        found.raise_errors(LoadError)
        return cls(frozenset(kinds), frozenset(versions))


def _entry(words: list[str]) -> Kind | str | None:
    """What one line names: a kind, a whole API version, or None."""
    for number, word in enumerate(words):
        if word in ("true", "false") and 0 < number < len(words) - 1:
            return Kind(words[number - 1], words[number + 1])
    if len(words) != 1:
        return None
    version, _, last = words[0].rpartition("/")
    if last[:1].isupper() and version:
        return Kind(version, last)
    return words[0] if last[:1] == "v" and words[0].count("/") <= 1 else None
