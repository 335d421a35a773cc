"""Returns words changed in case, cut or wrapped, as goutils and xstrings do for sprig.

goutils works on bytes in some functions and on characters in others; so do these.
"""

from __future__ import annotations

from ..limits.budget import meter
from ..strconv.literals import decode, encode

__all__ = [
    "abbreviate",
    "initials",
    "swap_case",
    "title",
    "uncapitalize",
    "wrap",
    "wrap_with",
]


def _one(changed: str, character: str) -> str:
    """Go maps case one character to one; where Python gives more, Go keeps the character."""
    return changed if len(changed) == 1 else character


def title(text: str) -> str:
    """strings.Title: the first letter of every word in title case."""
    meter().work(len(text) >> 2)
    after_letter = False
    result = []
    for character in text:
        result.append(character if after_letter else _one(character.title(), character))
        if character.isascii():
            after_letter = character.isalnum() or character == "_"
        else:
            after_letter = character.isalpha() or character.isdecimal() or not character.isspace()
    return "".join(result)


def uncapitalize(text: str) -> str:
    """The first letter of every word in lower case."""
    meter().work(len(text) >> 2)
    after_space = True
    result = []
    for character in text:
        result.append(_one(character.lower(), character) if after_space else character)
        after_space = character.isspace()
    return "".join(result)


def swap_case(text: str) -> str:
    """Upper case to lower and lower to upper, to title case at the start of a word."""
    meter().work(len(text) >> 2)
    after_space = True
    result = []
    for character in text:
        if character.isupper() or character.istitle():
            result.append(_one(character.lower(), character))
            after_space = False
        elif character.islower():
            swapped = character.title() if after_space else character.upper()
            result.append(_one(swapped, character))
            after_space = False
        else:
            result.append(character)
            after_space = character.isspace()
    return "".join(result)


def initials(text: str) -> str:
    """The first byte of every word, each as the character of that number."""
    words = encode(text).decode("latin-1")
    meter().work(len(words) >> 2)
    separated = "".join(" " if character in _LATIN_SPACE else character for character in words)
    return "".join(word[0] for word in separated.split(" ") if word)


_LATIN_SPACE = "\t\n\v\f\r \x85\xa0"


def abbreviate(text: str, left: int, width: int) -> str:
    """At most ``width`` bytes of ``text``, with an ellipsis for what is cut off; "" when ``width``
    is too small to begin at ``left``."""
    data = encode(text)
    return decode(_abbreviated(data, left, width))


def _abbreviated(data: bytes, left: int, width: int) -> bytes:
    if not data or width < 4:
        return b""
    if len(data) <= width:
        return data
    left = min(left, len(data))
    if len(data) - left < width - 3:
        left = len(data) - (width - 3)
    if left <= 4:
        return data[: width - 3] + b"..."
    if width < 7:
        return b""
    if left + width - 3 < len(data):
        return b"..." + _abbreviated(data[left:], 0, width - 3)
    return b"..." + data[len(data) - (width - 3) :]


def wrap(width: int, text: str) -> str:
    """Lines of at most ``width`` bytes; longer words stay whole."""
    return _wrapped(text, width, "\n", long_words=False)


def wrap_with(width: int, separator: str, text: str) -> str:
    """Parts of at most ``width`` bytes between separators; longer words are cut."""
    return _wrapped(text, width, separator or "\n", long_words=True)


def _wrapped(text: str, width: int, separator: str, *, long_words: bool) -> str:
    data = encode(text)
    mark = encode(separator)
    width = max(width, 1)
    position = 0
    length = len(data)
    lines = []
    while len(data) - position > width:
        if data[position] == 32:
            position += 1
            continue
        blank = data.rfind(b" ", position, position + width + 1)
        if blank >= 0:
            end, position_after = blank, blank + 1
        elif long_words:
            end = position_after = position + width
        else:
            blank = data.find(b" ", position + width)
            if blank < 0:
                break
            end, position_after = blank, blank + 1
        lines.append(data[position:end])
        length += len(mark)
        meter().size(length)
        meter().work()
        position = position_after
    lines.append(data[position:])
    return decode(mark.join(lines))
