"""`OpaqueValues`: Outputs among the arguments, which stay closed while the plan is made.

A mark stands for each in the plan, and is changed back when the objects are declared. That holds
where a value decides nothing: not which objects exist, nor their names, nor what the plan looks at.
So a value may be unknown in a preview, and a secret stays one: nothing here ever sees it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any

import pulumi

from msvc_pulumi.components.opaqueplaces import may_stand, refusal
from msvc_pulumi.errors import Diagnostic, FieldPath, Label
from msvc_pulumi.plan import Plan

__all__ = ["STAMP", "OpaqueValues", "changed"]

STAMP = token_hex(6)
# A DNS label: namespaces and names are looked at.
MARK = f"opaque-{STAMP}-{{}}-x"
FOUND = re.compile(rf"opaque-{STAMP}-(\d+)-x")


class OpaqueValues:
    """The Outputs of one component's arguments, in the order in which they were met."""

    def __init__(self) -> None:
        self._outputs: list[pulumi.Output[Any]] = []
        self.places: list[FieldPath] = []

    def __bool__(self) -> bool:
        return bool(self._outputs)

    def mark(self, value: Any, at: FieldPath) -> str | Diagnostic:
        """The mark for ``value``, an Output or unknown; what is wrong where it decides much."""
        if not may_stand(at):
            return refusal(at)
        output = pulumi.Output.from_input(value)
        self._outputs.append(output.apply(_as_text(at)))
        self.places.append(at)
        return MARK.format(len(self._outputs) - 1)

    def filled(self, value: Any, texts: Mapping[int, str]) -> Any:
        """``value`` with a text for each mark that ``texts`` has one for, by its number."""

        def change(text: str) -> str:
            return FOUND.sub(lambda match: texts.get(int(match[1]), match[0]), text)

        return changed(value, change)

    def revealed(self, value: Any) -> Any:
        """``value`` with the Outputs in the places of their marks."""
        return changed(value, self._revealed) if self else value

    def hash_of(self, plan: Plan) -> Any:
        """The hash of ``plan`` as it is with the values; known when they are."""
        if not self:
            return plan.hash

        def hashed(texts: list[str]) -> str:
            known = dict(enumerate(texts))
            objects = (replace(one, manifest=self.filled(one.manifest, known)) for one in plan)
            return replace(plan, objects=tuple(objects)).hash

        return pulumi.Output.all(*self._outputs).apply(hashed)

    def told(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """``diagnostics`` of a plan; one about the text of a mark says that there is an Output."""
        for item in diagnostics:
            texts = (item.summary, *item.notes, item.go)
            met = next((m for text in texts if (m := FOUND.search(text))), None)
            if met and item.is_error:
                yield refusal(self.places[int(met[1])], self._named(item.summary))
            else:
                yield self._shown(item) if self else item

    def _shown(self, item: Diagnostic) -> Diagnostic:
        span = item.span and item.span._replace(text=self._named(item.span.text))
        related = tuple(
            Label(one.span._replace(text=self._named(one.span.text)), self._named(one.text))
            for one in item.related
        )
        return replace(
            item,
            summary=self._named(item.summary),
            notes=tuple(map(self._named, item.notes)),
            go=self._named(item.go),
            help=self._named(item.help),
            span=span,
            related=related,
        )

    def _named(self, text: str) -> str:
        return FOUND.sub(lambda match: f"<Output at {self.places[int(match[1])]}>", text)

    def _revealed(self, text: str) -> Any:
        parts = FOUND.split(text)
        if len(parts) == 1:
            return text
        found = [self._outputs[int(part)] if n % 2 else part for n, part in enumerate(parts)]
        kept = [part for part in found if part != ""]
        return kept[0] if len(kept) == 1 else pulumi.Output.concat(*kept)


def _as_text(at: FieldPath) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, str) and value.startswith("-") and {"args", "command"} & {*at}:
            raise pulumi.RunError(
                f"{at}: the Output begins with a dash, and flags are read before it is known: "
                "write the flag plainly, and its value as the next item"
            )
        if isinstance(value, str | int | float):
            return str(value)
        raise pulumi.RunError(f"{at}: the Output must be text, and is {type(value).__name__}")

    return text


def changed(value: Any, change: Callable[[str], Any]) -> Any:
    """``value`` with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: changed(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [changed(item, change) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value
