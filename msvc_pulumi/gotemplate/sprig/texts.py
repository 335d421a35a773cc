"""Returns sprig's functions on strings (Go strings, so lengths and positions are in bytes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..errors import FunctionError
from ..fmt.printing import display
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Map, Slice, Value, strings
from ..strconv.literals import decode, encode, quote
from .casing import camel_case, kebab_case, snake_case
from .wording import (
    abbreviate,
    initials,
    swap_case,
    title,
    uncapitalize,
    wrap,
    wrap_with,
)

__all__ = ["FUNCTIONS"]

_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # noqa: E501
_LATIN_SPACE = "\t\n\v\f\r \x85\xa0"


def _upper(text: str) -> str:
    return text.upper() if text.isascii() else _each(str.upper, text)


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else _each(str.lower, text)


def _each(change: Callable[[str], str], text: str) -> str:
    """``change`` character by character, where it gives one character for one, as Go maps case."""
    meter().work(len(text) >> 2)
    return "".join([_changed(change, character) for character in text])


def _changed(change: Callable[[str], str], character: str) -> str:
    changed = change(character)
    if len(changed) == 1:
        return changed
    if change is str.lower:
        return changed[0]  # of the dotted capital I
    title_case = character.title()  # of letters with an iota below
    return title_case if len(title_case) == 1 else character


def _bytes_between(text: str, start: int, end: int) -> str:
    """``text[start:end]`` by bytes; Go's panic when out of range."""
    data = encode(text)
    if end > len(data) or end < 0:
        problem = f"[:{end}] with length {len(data)}" if end > 0 else f"[:{end}]"
        raise FunctionError(f"runtime error: slice bounds out of range {problem}")
    if start > end:
        raise FunctionError(f"runtime error: slice bounds out of range [{start}:{end}]")
    return decode(data[start:end])


def _truncate(length: int, text: str) -> str:
    size = len(text) if text.isascii() else len(encode(text))
    if length < 0 and size + length > 0:
        return _bytes_between(text, size + length, size)
    if length >= 0 and size > length:
        return _bytes_between(text, 0, length)
    return text


def _substring(start: int, end: int, text: str) -> str:
    size = len(text) if text.isascii() else len(encode(text))
    if start < 0:
        return _bytes_between(text, 0, end)
    if end < 0 or end > size:
        return _bytes_between(text, start, size)
    return _bytes_between(text, start, end)


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    meter().size(count * len(text))
    return text * count


def _indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise FunctionError("strings: negative Repeat count")
    meter().size(len(text) + spaces * (text.count("\n") + 1))
    padding = " " * spaces
    return padding + text.replace("\n", "\n" + padding)


def _new_line_indent(spaces: int, text: str) -> str:
    return "\n" + _indent(spaces, text)


def _replace(old: str, new: str, text: str) -> str:
    count = text.count(old)
    meter().size(len(text) + count * max(len(new) - len(old), 0))
    return text.replace(old, new)


def _quote(*values: Value) -> str:
    return _joined(quote(display(value)) for value in values if value is not None)


def _single_quote(*values: Value) -> str:
    return _joined(f"'{display(value)}'" for value in values if value is not None)


def _concatenate(*values: Value) -> str:
    return _joined(display(value) for value in values if value is not None)


def _joined(parts: Iterable[str]) -> str:
    listed = []
    length = 0
    for part in parts:
        length += len(part) + 1
        meter().size(length - 1)
        listed.append(part)
    return " ".join(listed)


def _pieces(text: str, separator: str, most: int = -1) -> list[str]:
    if separator:
        count = text.count(separator) + 1
        meter().count(min(count, most) if most > 0 else count)
        return text.split(separator, most - 1 if most > 0 else -1)
    meter().count(len(text))
    characters = list(decode(encode(text)) if not text.isascii() else text)
    if 0 < most < len(characters):
        return [*characters[: most - 1], "".join(characters[most - 1 :])]
    return characters


def _split_list(separator: str, text: str) -> Slice:
    return strings(_pieces(text, separator))


def _numbered(pieces: list[str]) -> Map:
    return Map(((f"_{index}", piece) for index, piece in enumerate(pieces)), "map[string]string")


def _split(separator: str, text: str) -> Map:
    return _numbered(_pieces(text, separator))


def _split_most(separator: str, most: int, text: str) -> Map:
    return _numbered(_pieces(text, separator, most) if most else [])


def _trim_all(cut: str, text: str) -> str:
    if not cut:
        return text
    cut = cut if len(cut) < 256 else "".join(set(cut))
    meter().pairs(len(text), len(cut))
    return text.strip(cut)


def _no_space(text: str) -> str:
    """goutils.DeleteWhiteSpace, which looks at bytes: characters above U+00FF come out garbled
    unless nothing is deleted."""
    if text.isascii():
        return "".join(text.split())
    characters = encode(text).decode("latin-1")
    kept = "".join(character for character in characters if character not in _LATIN_SPACE)
    return text if len(kept) == len(characters) else kept


def _abbreviate(width: int, text: str) -> str:
    return text if width < 4 else abbreviate(text, 0, width)


def _abbreviate_both(left: int, right: int, text: str) -> str:
    if right < 4 or (left > 0 and right < 7):
        return text
    return abbreviate(text, left, right)


FUNCTIONS = declare(
    {
        "abbrev": (_abbreviate, "int string"),
        "abbrevboth": (_abbreviate_both, "int int string"),
        "camelcase": (camel_case, "string"),
        "cat": (_concatenate, "...any"),
        "contains": (lambda part, text: part in text, "string string"),
        "hasPrefix": (lambda prefix, text: text.startswith(prefix), "string string"),
        "hasSuffix": (lambda suffix, text: text.endswith(suffix), "string string"),
        "indent": (_indent, "int string"),
        "initials": (initials, "string"),
        "kebabcase": (kebab_case, "string"),
        "lower": (_lower, "string"),
        "nindent": (_new_line_indent, "int string"),
        "nospace": (_no_space, "string"),
        "plural": (lambda one, many, count: one if count == 1 else many, "string string int"),
        "quote": (_quote, "...any"),
        "repeat": (_repeat, "int string"),
        "replace": (_replace, "string string string"),
        "snakecase": (snake_case, "string"),
        "split": (_split, "string string"),
        "splitList": (_split_list, "string string"),
        "splitn": (_split_most, "string int string"),
        "squote": (_single_quote, "...any"),
        "substr": (_substring, "int int string"),
        "swapcase": (swap_case, "string"),
        "title": (title, "string"),
        "trim": (lambda text: text.strip(_GO_SPACE), "string"),
        "trimAll": (_trim_all, "string string"),
        "trimall": (_trim_all, "string string"),
        "trimPrefix": (lambda prefix, text: text.removeprefix(prefix), "string string"),
        "trimSuffix": (lambda suffix, text: text.removesuffix(suffix), "string string"),
        "trunc": (_truncate, "int string"),
        "untitle": (uncapitalize, "string"),
        "upper": (_upper, "string"),
        "wrap": (wrap, "int string"),
        "wrapWith": (wrap_with, "int string string"),
    }
)
