"""Diagnostics as people and programs read them: text with source lines and carets, or plain data.

The look follows rustc and HCL: one line that says what is wrong, the place, the source line with a
caret, then what is known about it. The same text serves the command line, the Pulumi component and
the operator.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.counted import counted
from msvc_pulumi.errors import NOT_SHOWN, Diagnostic, Diagnostics, Label, Severity, Span

__all__ = ["counts", "headline", "render", "to_json", "visible"]

MAX_LINE_WIDTH = 120  # columns of a source line that are shown
MAX_VALUE_LENGTH = 400  # characters of a summary, note or help text that are shown

_TAB = "    "
_SUMMARY = 80  # characters that a summary line takes
_ELLIPSIS = "…"
# The summaries of these families are sentences of their own; all others complete the field path.
_SENTENCES = ("file-", "merge-", "plan-", "template-", "yaml-")
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class _Palette:
    error: str = ""
    warning: str = ""
    place: str = ""
    strong: str = ""
    end: str = ""

    def severity(self, diagnostic: Diagnostic) -> str:
        return self.error if diagnostic.is_error else self.warning


_PLAIN = _Palette()
_COLOURS = _Palette("\x1b[1;31m", "\x1b[1;33m", "\x1b[34m", "\x1b[1m", "\x1b[0m")


def render(
    diagnostics: Iterable[Diagnostic], *, color: bool = False, longest: int | None = None
) -> str:
    """The text of the diagnostics in order of their places, each with its source line.

    Ends with a line that counts them, also those that are not shown, and a line end; "" for none.
    Control characters of the input are shown escaped, so a terminal never obeys them. The text has
    at most ``longest`` characters, as long as one diagnostic fits into them.
    """
    items = _in_order(diagnostics)
    if not items:
        return ""
    palette = _COLOURS if color else _PLAIN
    blocks: list[str] = []
    left = longest
    for item in items:
        if item.code == NOT_SHOWN:
            continue
        block = "\n".join(_block(item, palette))
        if left is not None:
            left -= len(block) + 2
            if blocks and left < _SUMMARY:
                break
        blocks.append(block)
    errors, warnings = counts(items)
    hidden = errors + warnings - len(blocks)
    return "\n\n".join([*blocks, _summary(errors, warnings, hidden)]) + "\n"


def headline(diagnostic: Diagnostic) -> str:
    """The first line of a diagnostic: what is wrong, without its place."""
    return f"{diagnostic.severity}[{diagnostic.code}]: {_sentence(diagnostic)}"


def counts(diagnostics: Iterable[Diagnostic]) -> tuple[int, int]:
    """How many errors and warnings there are, with those that are not kept."""
    errors = warnings = 0
    for item in diagnostics:
        if any(item.rest):
            errors += item.rest[0]
            warnings += item.rest[1]
        elif item.is_error:
            errors += 1
        else:
            warnings += 1
    return errors, warnings


def _summary(errors: int, warnings: int, hidden: int) -> str:
    found = ((errors, Severity.ERROR), (warnings, Severity.WARNING))
    parts = [counted(count, severity) for count, severity in found if count]
    tail = f"; {hidden} of them {'is' if hidden == 1 else 'are'} not shown" if hidden else ""
    return ", ".join(parts) + tail


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The diagnostics as plain data in order of their places; empty members are left out.

    ``line`` and ``column`` count from 1, in characters. Where some are not shown, the last one has
    the code ``not-shown`` and says in ``notShown`` how many ``errors`` and ``warnings`` they are.
    """
    return [_plain(item) for item in _in_order(diagnostics)]


def _in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    def place(item: Diagnostic) -> tuple[bool, bool, str, int, int]:
        is_last, span = item.code == NOT_SHOWN, item.span
        if span is None:
            return (is_last, True, "", 0, 0)
        return (is_last, False, span.file, span.line, span.column)

    return sorted(Diagnostics(list(diagnostics)), key=place)


def _plain(item: Diagnostic) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "severity": str(item.severity),
        "code": item.code,
        "summary": item.summary,
        "field": str(item.field),
        **(_place(item.span) if item.span else {}),
        "label": item.label,
        "related": [{**_place(label.span), "text": label.text} for label in item.related],
        "notes": list(item.notes),
        "go": item.go,
        "help": item.help,
    }
    if any(item.rest):
        plain["notShown"] = dict(zip(("errors", "warnings"), item.rest, strict=True))
    return {key: value for key, value in plain.items() if value}


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column, "length": span.length}


def _sentence(item: Diagnostic) -> str:
    summary = visible(_elided(item.summary))
    if item.field and not item.code.startswith(_SENTENCES):
        return f"{visible(str(item.field))}: {summary}"
    return summary


def _block(item: Diagnostic, palette: _Palette) -> Iterator[str]:
    colour = palette.severity(item)
    strong = f"{palette.strong}{_sentence(item)}{palette.end}"
    yield f"{colour}{item.severity}[{item.code}]{palette.end}: {strong}"
    labels = [Label(item.span, item.label)] if item.span else []
    labels.extend(item.related)
    width = max((len(str(label.span.line)) for label in labels), default=1)
    for label in labels:
        is_own = label.span is item.span
        yield from _snippet(label, width, palette, colour if is_own else palette.place)
    for name, text in _facts(item):
        yield f"{' ' * width} {palette.place}={palette.end} {name + ':':<6} {text}"


def _snippet(label: Label, width: int, palette: _Palette, colour: str) -> Iterator[str]:
    span = label.span
    margin = " " * width
    yield f"{margin}{palette.place}-->{palette.end} {visible(str(span))}"
    if not span.text:
        if label.text:
            yield f"{margin} {palette.place}|{palette.end} {visible(label.text)}"
        return
    line, caret = _marked_line(span)
    text = f" {visible(label.text)}" if label.text else ""
    yield f"{margin} {palette.place}|{palette.end}"
    yield f"{palette.place}{span.line:>{width}} |{palette.end} {line}"
    yield f"{margin} {palette.place}|{palette.end} {colour}{caret}{text}{palette.end}"


def _facts(item: Diagnostic) -> Iterator[tuple[str, str]]:
    if item.field and item.code.startswith(_SENTENCES):
        yield "field", visible(str(item.field))
    for note in item.notes:
        yield "note", visible(_elided(note))
    if item.go:
        yield "go", visible(_elided(item.go))
    if item.help:
        yield "help", visible(_elided(item.help))


def _marked_line(span: Span) -> tuple[str, str]:
    """The source line as it is shown, and the carets below it."""
    start = min(span.column - 1, len(span.text))
    end = min(start + max(span.length, 1), max(len(span.text), start + 1))
    first, last = _window(span.text, start, end)
    before = _ELLIPSIS if first else ""
    after = _ELLIPSIS if last < len(span.text) else ""
    shown = before + visible(span.text[first:last]) + after
    indent = _width(before + visible(span.text[first:start]))
    carets = _width(visible(span.text[start : min(end, last)]))
    return shown.rstrip(), " " * indent + "^" * max(carets, 1)


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    """The part of a line to show: all of it, or what surrounds ``start`` if it is too long."""
    if _width(visible(text[: MAX_LINE_WIDTH + 1])) <= MAX_LINE_WIDTH >= len(text):
        return 0, len(text)
    around = text[max(0, start - MAX_LINE_WIDTH) : start + MAX_LINE_WIDTH]
    is_plain = around.isascii() and "\x7f" not in around
    length = MAX_LINE_WIDTH if is_plain else MAX_LINE_WIDTH // 2
    first = max(0, min(start - length // 3, len(text) - length))
    if end <= length:
        first = 0
    return first, min(len(text), first + length)


def _elided(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + _ELLIPSIS


def visible(text: str) -> str:
    """The text with tabs as blanks and all that a terminal would obey or hide escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    if character == "\t":
        return _TAB
    if character == "\n":
        return "\\n"
    if unicodedata.category(character) not in _INVISIBLE:
        return character
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _width(text: str) -> int:
    """The columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
