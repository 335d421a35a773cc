"""What can be wrong, and where: field paths, spans, diagnostics and the exceptions that carry them.

Every stage reports problems as `Diagnostic` values and raises one `ModelServiceError` for all the
problems it found. The words follow Kubernetes' own field errors (apimachinery
``validation/field/errors.go``), the shape follows HCL's diagnostics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from msvc_pulumi.counted import counted

__all__ = [
    "MAX_PROBLEMS",
    "NOT_SHOWN",
    "Diagnostic",
    "Diagnostics",
    "FieldPath",
    "InterpolationError",
    "Label",
    "LoadError",
    "MergeError",
    "ModelServiceError",
    "PlanError",
    "Severity",
    "Span",
    "SpecError",
]


MAX_PROBLEMS = 100  # that are kept; a hostile document could make one a line
NOT_SHOWN = "not-shown"


class FieldPath(tuple[str | int, ...]):
    """The place of a value in a document, printed as Kubernetes prints it: ``spec.ports[0].name``.

    A string step is a mapping key, an integer step a list index.
    """

    __slots__ = ()

    @classmethod
    def of(cls, *steps: str | int) -> FieldPath:
        return cls(steps)

    def child(self, *steps: str | int) -> FieldPath:
        return FieldPath(self + steps)

    @property
    def parent(self) -> FieldPath:
        return FieldPath(self[:-1])

    def find(self, value: Any) -> Any:
        """What is at this path of ``value``, mappings and lists; None where there is nothing."""
        for step in self:
            if isinstance(value, dict):
                value = value.get(step if type(step) is str else str(step))
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def __str__(self) -> str:
        text = ""
        for step in self:
            if isinstance(step, str) and step and not any(c in step for c in "./[]= "):
                text += f".{step}" if text else step
            else:
                text += f"[{step}]"
        return text

    def __repr__(self) -> str:
        return f"FieldPath({str(self)!r})"


class Span(NamedTuple):
    """A stretch of one line of one input.

    ``line`` and ``column`` count from 1, in characters; ``text`` is the whole source line without
    its line end, so a span can be shown after its input is gone.
    """

    file: str
    line: int
    column: int
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Label(NamedTuple):
    """One more place that contributes to a problem, with a word on its part in it."""

    span: Span
    text: str


ROOT = FieldPath()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: a constant code for tests and tools, a sentence, a place and a remedy.

    ``code`` is kebab-case and names the rule that fired; wording may change, codes may not.
    ``field`` is relative to the document; inside a BaseConfig section it begins with ``data`` and
    the section's key. ``go`` is the message the Go program prints for the same problem, verbatim.
    ``rest`` is set in the one diagnostic that stands for those that are not kept (`NOT_SHOWN`): how
    many errors and warnings they are. ``refused`` is set where an API server takes no such object,
    an error for ``validate``.
    """

    code: str
    summary: str
    severity: Severity = Severity.ERROR
    field: FieldPath = ROOT
    span: Span | None = None
    label: str = ""
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    go: str = ""
    help: str = ""
    rest: tuple[int, int] = (0, 0)
    refused: bool = False

    @classmethod
    def not_shown(cls, errors: int, warnings: int) -> Diagnostic:
        """What stands for that many errors and warnings."""
        counts = ((errors, "error"), (warnings, "warning"))
        words = [counted(count, f"more {word}") for count, word in counts if count]
        summary = f"{' and '.join(words)} {'is' if errors + warnings == 1 else 'are'} not shown"
        severity = Severity.ERROR if errors else Severity.WARNING
        return cls(NOT_SHOWN, summary, severity, rest=(errors, warnings))

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def at(self, span: Span | None) -> Diagnostic:
        """The same diagnostic placed at ``span`` unless it already has a place."""
        return self if self.span is not None or span is None else replace(self, span=span)


@dataclass(slots=True)
class Diagnostics:
    """A collector for one stage: gathers every problem, then raises once.

    It keeps `MAX_PROBLEMS` and counts the rest; iterating ends with a diagnostic that says how many
    they are. An error is never lost to warnings: it takes the place of the last one kept.
    """

    items: list[Diagnostic] = field(default_factory=list)
    _known: set[int] = field(default_factory=set, init=False, repr=False, compare=False)
    _rest: tuple[int, int] = field(default=(0, 0), init=False)
    _is_closed: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given, self.items = self.items, []
        self.extend(given)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep or count ``diagnostic`` unless it is known already."""
        if any(diagnostic.rest):
            self._pass_over(*diagnostic.rest)
            return
        identity = hash(diagnostic)
        if identity in self._known:
            return
        self._known.add(identity)
        if not self.has_room(diagnostic.severity):
            self.pass_over(diagnostic.severity)
            return
        if len(self.items) >= MAX_PROBLEMS:
            numbers = range(len(self.items) - 1, -1, -1)
            del self.items[next(n for n in numbers if not self.items[n].is_error)]
            self._pass_over(0, 1)
        self.items.append(diagnostic)

    def has_room(self, severity: Severity) -> bool:
        """Whether one more is kept; what is only counted need not be made (`pass_over`)."""
        if len(self.items) < MAX_PROBLEMS:
            return True
        if severity is not Severity.ERROR or self._is_closed:
            return False
        self._is_closed = all(item.is_error for item in self.items)
        return not self._is_closed

    def pass_over(self, severity: Severity) -> None:
        """Count one that is not kept."""
        is_error = severity is Severity.ERROR
        self._pass_over(int(is_error), int(not is_error))

    def _pass_over(self, errors: int, warnings: int) -> None:
        self._rest = (self._rest[0] + errors, self._rest[1] + warnings)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def error(self, code: str, summary: str, **details: object) -> None:
        self.add(Diagnostic(code, summary, Severity.ERROR, **details))  # type: ignore[arg-type]

    def warning(self, code: str, summary: str, **details: object) -> None:
        self.add(Diagnostic(code, summary, Severity.WARNING, **details))  # type: ignore[arg-type]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(item for item in self if item.is_error)

    def with_warnings_as_errors(self) -> Diagnostics:
        """The same, every one an error."""
        found = Diagnostics([replace(item, severity=Severity.ERROR) for item in self.items])
        found._rest = (sum(self._rest), 0)
        return found

    def located(self, locate: Callable[[FieldPath], Span | None]) -> None:
        """Give every diagnostic that has a field path but no place the place ``locate`` knows."""
        self.items = [
            item.at(locate(item.field)) if item.span is None else item for item in self.items
        ]
        self._known.update(map(hash, self.items))

    def raise_errors(self, error: type[ModelServiceError]) -> None:
        """Raise ``error`` with everything collected (warnings included) if any item is an error."""
        if self.errors:
            raise error(self)

    def __iter__(self) -> Iterator[Diagnostic]:
        yield from self.items
        if any(self._rest):
            yield Diagnostic.not_shown(*self._rest)

    def __len__(self) -> int:
        return len(self.items) + any(self._rest)


class ModelServiceError(Exception):
    """Bad input or a failed stage; ``diagnostics`` says everything a user needs."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        first = next((item for item in self.diagnostics if item.is_error), None)
        if first is None:
            return "unknown problem"
        place = f"{first.span}: " if first.span else ""
        prefix = f"{first.field}: " if first.field else ""
        others = sum(item.rest[0] or item.is_error for item in self.diagnostics) - 1
        tail = f" (and {others} more)" if others else ""
        return f"{place}{prefix}{first.summary}{tail}"


class LoadError(ModelServiceError):
    """An input cannot be read or is not YAML."""


class SpecError(ModelServiceError):
    """A document is YAML but not a valid ModelService or BaseConfig."""


class InterpolationError(ModelServiceError):
    """A template cannot be parsed or executed."""


class MergeError(ModelServiceError):
    """BaseConfig and ModelService contradict each other."""


class PlanError(ModelServiceError):
    """The children contradict each other (duplicate or cyclic)."""
