"""Returns texts whose words are joined or split by their case, as xstrings does for sprig."""

from __future__ import annotations

import re
import unicodedata

from ..limits.budget import meter
from ..strconv.literals import decode, encode, replaced

__all__ = ["camel_case", "kebab_case", "snake_case"]

_CHARACTER = 1  # bits: characters that cost as much as one element
_CONNECTORS = "\t\n\v\f\r _\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000-"
_CONNECTOR = re.compile(rf"[{_CONNECTORS}]")
_RUN = re.compile(rf"[{_CONNECTORS}]+")
_IDEOGRAPHS = ((0x3400, 0x4D85), (0x4E00, 0x9FCC), (0x20000, 0x2B81D))
_UNREADABLE = "\ufffd\udc80-\udcff"
_NOTHING = "\ufffd" + "".join(map(chr, range(0xDC80, 0xDD00)))
_UNIT = re.compile(rf"[{_UNREADABLE}]*[^{_UNREADABLE}](?:[{_UNREADABLE}]+\Z)?|[{_UNREADABLE}]+")
# What belongs together, in letters for classes: [S]pace, [D]ash, other [P]unctuation, [U]pper case,
# other letters of an [A]lphabet, [N]umber, [O]ther. A number goes with the word before it unless
# letters follow; then it goes with them. The last of several capitals goes with the word it begins.
_GROUP = re.compile(
    r"(?:(?P<capital>U+(?=UA)|UA+|U+)|A+|O+)(?:N++(?!A))?|N[AN]*|(?P<connector>[SD]+)|(?P<mark>P[PD]*)"
)


def _kind(character: str) -> str:
    if _CONNECTOR.match(character):
        return "D" if character in "-_" else "S"
    category = unicodedata.category(character)
    if category[0] == "P":
        return "P"
    if category == "Lu":
        return "U"
    if category[0] == "L":
        point = ord(character)
        return "O" if any(low <= point <= high for low, high in _IDEOGRAPHS) else "A"
    return "N" if category[0] == "N" else "O"


def _separated(text: str, separator: str) -> str:
    """The words in lower case with separators between them (camelCaseToLowerCase)."""
    meter().work(len(text) >> _CHARACTER)
    # What cannot be read belongs to the character after it, at the end to the one before.
    units = _UNIT.findall(decode(encode(text)))
    kinds = "".join([_kind(unit.lstrip(_NOTHING)[:1] or "a") for unit in units])
    parts: list[str] = []
    joins = True
    for group in _GROUP.finditer(kinds):
        if not (joins or group["connector"] or group["mark"]):
            parts.append(separator)
        joins = bool(group["connector"] or group["mark"])
        start, end = group.span()
        if group["connector"]:
            parts.append(_CONNECTOR.sub(separator, replaced("".join(units[start:end]))))
            continue
        if group["capital"]:
            start = group.end("capital")
            parts.append(_lowered(replaced("".join(units[group.start() : start]))))
        parts += units[start:end]
    return "".join(parts)


def _lowered(word: str) -> str:
    if word.isascii():
        return word.lower()
    return "".join([_lower(c) if unicodedata.category(c) == "Lu" else c for c in word])


def _lower(character: str) -> str:
    """Go maps one character to one; only one letter has a dot of its own in lower case."""
    return character.lower()[0]


def _upper(character: str) -> str:
    """Go maps one character to one: where upper case takes more, title case may not."""
    return next((c for c in (character.upper(), character.title()) if len(c) == 1), character)


def snake_case(text: str) -> str:
    """xstrings.ToSnakeCase."""
    return _separated(text, "_")


def kebab_case(text: str) -> str:
    """xstrings.ToKebabCase."""
    return _separated(text, "-")


def camel_case(text: str) -> str:
    """xstrings.ToPascalCase; of connectors in a row between words it leaves out the last."""
    meter().work(len(text) >> _CHARACTER)
    text = replaced(text)
    parts: list[str] = []
    position = 0
    for run in _RUN.finditer(text):
        if run.start() == 0:
            # A text of nothing else ends twice: it is read to its end and the last one added.
            parts.append(run[0] if run.end() < len(text) else run[0] + run[0][-1])
        else:
            parts.append(_begun(text[position : run.start()]))
            parts.append(run[0][:-1] if run.end() < len(text) else run[0])
        position = run.end()
    parts.append(_begun(text[position:]))
    return "".join(parts)


def _begun(word: str) -> str:
    """The word with a capital; further capitals right after one that it had are small."""
    if not word:
        return ""
    last = 1
    while last < len(word) and all(unicodedata.category(word[at]) == "Lu" for at in (0, last)):
        last += 1
    return _upper(word[0]) + "".join(map(_lower, word[1:last])) + word[last:]
