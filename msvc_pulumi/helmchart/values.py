"""The chart's values as it sees them: several files over its defaults, with the place of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, LoadError, Severity, Span
from msvc_pulumi.gotemplate import Budget, TemplateError, render
from msvc_pulumi.helmchart.defaults import DEPRECATED, defaults, names_below
from msvc_pulumi.nearest import nearest

__all__ = ["ChartValues", "read_values"]

CHART = "llm-d-modelservice"


@dataclass(frozen=True)
class ChartValues:
    """Values with the chart's defaults, and how to say something about one of them.

    ``release`` is the Helm release's name, ``namespace`` its namespace.
    """

    tree: dict[str, Any]
    documents: tuple[Document, ...]
    release: str
    namespace: str
    diagnostics: Diagnostics
    budget: Budget = field(default_factory=Budget)

    def get(self, *path: str | int) -> Any:
        """The value at ``path``, None where there is none."""
        return FieldPath(path).find(self.tree)

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """The mapping at ``path``, empty where there is none or, with a diagnostic, not one."""
        return self._typed(dict, "mapping", path) or {}

    def sequence(self, *path: str | int) -> list[Any]:
        """The list at ``path``, empty where there is none or, with a diagnostic, not one."""
        return self._typed(list, "list", path) or []

    def text(self, *path: str | int) -> str:
        """The scalar at ``path`` as the chart prints it, empty where there is none."""
        value = self.get(*path)
        if isinstance(value, bool):
            return str(value).lower()
        if value is None or isinstance(value, str | int | float):
            return "" if value is None else str(value)
        self._type_problem("text", path)
        return ""

    def number(self, *path: str | int) -> int:
        """The whole number at ``path``, 0 where there is none or, with a diagnostic, not one."""
        value = self.get(*path)
        try:
            return int(value or 0)
        except (TypeError, ValueError, OverflowError):
            self._type_problem("whole number", path)
            return 0

    def mappings(self, *path: str | int) -> list[dict[str, Any]]:
        """The mappings of the list at ``path``; what is none has a diagnostic."""
        numbers = range(len(self.sequence(*path)))
        return [found for number in numbers if (found := self.mapping(*path, number))]

    def rendered_mapping(self, *path: str | int) -> dict[str, Any]:
        """The mapping at ``path`` with the templates in it executed, as the chart does."""
        self.mapping(*path)
        found = self._rendered(self.get(*path), path)
        return found if isinstance(found, dict) else {}

    def rendered_mappings(self, *path: str | int) -> list[dict[str, Any]]:
        """The mappings of the list at ``path`` with the templates in them executed."""
        numbers = range(len(self.sequence(*path)))
        return [found for n in numbers if (found := self.rendered_mapping(*path, n))]

    def _typed(self, wanted: type, word: str, path: tuple[str | int, ...]) -> Any:
        value = self.get(*path)
        if value is None or isinstance(value, wanted):
            return value
        self._type_problem(word, path)
        return None

    def _type_problem(self, word: str, path: tuple[str | int, ...]) -> None:
        self.error("invalid-type", f"must be a {word}", *path, help="as the chart's values have it")

    def rendered(self, *path: str | int) -> Any:
        """The value at ``path`` with the templates in its texts executed, as the chart does."""
        return self._rendered(self.get(*path), path)

    def _rendered(self, value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict):
            return {key: self._rendered(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._rendered(inner, (*path, number)) for number, inner in enumerate(value)]
        if not (isinstance(value, str) and "{{" in value):
            return value
        release = {"Name": self.release, "Namespace": self.namespace, "Service": "Helm"}
        data = {"Values": self.tree, "Release": release, "Chart": {"Name": CHART}}
        try:
            return render(value, data, budget=self.budget).text
        except TemplateError as error:
            self.error(
                error.code,
                error.message,
                *path,
                help=error.help or "write the value that the chart's template gives here",
            )
            return value

    def states(self, *path: str | int) -> bool:
        """Whether a file states the value at ``path``, rather than the chart's defaults."""
        return any(FieldPath(path) in document.spans for document in self.documents)

    def span(self, *path: str | int) -> Span | None:
        """Where the value at ``path``, or what is around it, is stated; of a default, nowhere."""
        for at in (FieldPath(path[:length]) for length in range(len(path), 0, -1)):
            for document in reversed(self.documents):
                if at in document.spans:
                    return document.span(at)
        return None

    def error(self, code: str, summary: str, *path: str | int, help: str) -> None:  # noqa: A002
        self._say(Severity.ERROR, code, summary, path, help)

    def warning(self, code: str, summary: str, *path: str | int, help: str = "") -> None:  # noqa: A002
        self._say(Severity.WARNING, code, summary, path, help)

    def not_carried(self, reason: str, *path: str | int, help: str = "") -> None:  # noqa: A002
        """Say that the value at ``path`` has no counterpart in what is written."""
        self.warning("not-carried-over", f"Not carried over: {reason}", *path, help=help)

    def _say(
        self, severity: Severity, code: str, summary: str, path: tuple[str | int, ...], remedy: str
    ) -> None:
        self.diagnostics.add(
            Diagnostic(
                code,
                summary,
                severity,
                field=FieldPath(path),
                span=self.span(*path),
                help=remedy,
            )
        )


def read_values(
    sources: Iterable[Source], *, release: str, namespace: str, diagnostics: Diagnostics
) -> ChartValues:
    """The values of ``sources``, later ones over earlier ones, over the chart's defaults.

    Mappings are joined, everything else is replaced, null takes a default away: as Helm does.
    Raises LoadError for what is no YAML or no mapping; warns of names that the chart does not know.
    """
    documents: list[Document] = []
    tree = defaults()
    for source in sources:
        for document in parse(source, diagnostics=diagnostics):
            if document.value is None:
                continue
            if not isinstance(document.value, dict):
                diagnostics.error(
                    "invalid-type",
                    "must be a mapping: the values of a Helm chart",
                    span=document.span(FieldPath()),
                    help="pass the file that `helm install -f` took, "
                    "or what `helm get values RELEASE -o yaml` prints",
                )
                continue
            documents.append(document)
            tree = _joined(tree, document.value)
    if any(item.is_error for item in diagnostics.items):
        raise LoadError(diagnostics)
    values = ChartValues(tree, tuple(documents), release, namespace, diagnostics)
    for path in _misfits(defaults(), tree):
        values.error(
            "invalid-type", "must be a mapping", *path, help="as the chart's values have it"
        )
    for at, names in _unknown(tree):
        _report_unknown(values, at, names)
    _report_foreign(values)
    return values


def _joined(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(under, dict):
            result[key] = _joined(under, value)
        else:
            result[key] = value
    return result


def _misfits(
    below: dict[str, Any], tree: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Paths at which the chart has a mapping and the values something else."""
    for key, value in below.items():
        stated = tree.get(key)
        if not isinstance(value, dict) or stated is None:
            continue
        if isinstance(stated, dict):
            yield from _misfits(value, stated, (*path, key))
        else:
            yield (*path, key)


def _unknown(
    tree: dict[str, Any], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], frozenset[str]]]:
    """Path of each name that the chart does not know, with those that it knows there."""
    known = names_below(tuple("*" if isinstance(step, int) else step for step in path))
    for key, value in tree.items():
        at = (*path, key)
        if known is not None and key not in known:
            yield at, known
        elif isinstance(value, dict):
            yield from _unknown(value, at)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(item, (*at, number))


def _report_unknown(
    values: ChartValues, path: tuple[str | int, ...], known: frozenset[str]
) -> None:
    if path == (CHART,):
        return
    reason = DEPRECATED.get(tuple(str(step) for step in path))
    near = nearest(str(path[-1]), known)
    remedy = f"did you mean {near}?" if near else "the chart ignores it too"
    if reason is None:
        values.warning("unknown-value", "The chart has no such value", *path, help=remedy)
    else:
        values.not_carried(reason, *path)


def _report_foreign(values: ChartValues) -> None:
    """Say that the files are of something else: of the chart's defaults alone nobody wants pods."""
    stated = {key for document in values.documents for key in document.value}
    if CHART in stated:
        values.error(
            "no-chart-values",
            f"these are values of a chart around {CHART}",
            CHART,
            help=f"pass what stands under {CHART} alone: yq '.[\"{CHART}\"]' FILE",
        )
    elif stated.isdisjoint(names_below(()) or ()):
        values.error(
            "no-chart-values",
            f"no file states a value of the chart {CHART}",
            help="pass the file that `helm install -f` took, "
            "or what `helm get values RELEASE -o yaml` prints",
        )
