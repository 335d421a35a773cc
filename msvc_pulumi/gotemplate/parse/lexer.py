"""Returns the tokens of a Go template, as text/template/parse divides it.

Lexing never raises: the first problem ends the list as an ERROR token, so that the parser reports
whichever problem comes first in the text, as Go does.
"""

from __future__ import annotations

import re

from msvc_pulumi.pattern import pattern

from .tokens import KEYWORDS, Kind, Token

__all__ = ["tokenize"]


_SIMPLE = {"=": Kind.ASSIGN, "|": Kind.PIPE, "(": Kind.LEFT_PAREN, ")": Kind.RIGHT_PAREN}
_BLANKS = " \t\r\n"
_LEFT_TRIMS = tuple(f"-{blank}" for blank in _BLANKS)
_BLANK_RUN = re.compile(r"[ \t\r\n]+")
_WORD = re.compile(r"\w*")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER = pattern(r"'(?:[^'\\\n]|\\[^\n])*'")
_NUMBER = pattern(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)


def tokenize(source: str, most: int, *, functions: frozenset[str] = frozenset()) -> list[Token]:
    """All tokens up to EOF, to the first ERROR, or to ``most`` tokens (then ERROR "too many").

    ``functions`` named break or continue turn these words into identifiers, as in Go.
    """
    return _Lexer(source, most, functions).run()


class _Lexer:
    def __init__(self, source: str, most: int, functions: frozenset[str]) -> None:
        self.source = source
        self.most = most
        self.functions = functions
        self.tokens: list[Token] = []
        self.position = 0
        self.line = 1
        self.counted = 0

    def run(self) -> list[Token]:
        source = self.source
        while (left := source.find("{{", self.position)) >= 0:
            trims = source[left + 2 : left + 4] in _LEFT_TRIMS
            text = source[self.position : left]
            if trims:
                text = text.rstrip(_BLANKS)
            if text:
                self.add(Kind.TEXT, self.position, self.position + len(text))
            inside = left + 4 if trims else left + 2
            if source.startswith("/*", inside):
                if not self.comment(inside):
                    return self.tokens
                continue
            self.add(Kind.LEFT_DELIM, left, left + 2)
            self.position = inside
            if not self.action():
                return self.tokens
            if len(self.tokens) > self.most:
                self.error("too many tokens", self.position)
                return self.tokens
        if self.position < len(source):
            self.add(Kind.TEXT, self.position, len(source))
        self.add(Kind.EOF, len(source), len(source))
        return self.tokens

    def add(self, kind: Kind, start: int, end: int) -> None:
        self.line += self.source.count("\n", self.counted, start)
        self.counted = start
        self.tokens.append(Token(kind, self.source[start:end], start, end, self.line))

    def error(self, message: str, start: int) -> bool:
        self.line += self.source.count("\n", self.counted, start)
        self.counted = max(self.counted, start)
        end = min(start + 1, len(self.source))
        self.tokens.append(Token(Kind.ERROR, message, start, end, self.line))
        return False

    def after_right_delimiter(self, position: int) -> int:
        """The place after ``}}`` or `` -}}`` at ``position`` (and after trimmed text), or -1."""
        source = self.source
        if source.startswith("}}", position):
            return position + 2
        blank = source[position : position + 1]
        if blank and blank in _BLANKS and source.startswith("-}}", position + 1):
            blanks = _BLANK_RUN.match(source, position + 4)
            return blanks.end() if blanks else position + 4
        return -1

    def comment(self, start: int) -> bool:
        end = self.source.find("*/", start + 2)
        if end < 0:
            return self.error("unclosed comment", start)
        after = self.after_right_delimiter(end + 2)
        if after < 0:
            return self.error("comment ends before closing delimiter", start)
        self.position = after
        return True

    def action(self) -> bool:
        """Lex up to and with the right delimiter; False after an error."""
        source = self.source
        depth = 0
        while True:
            start = self.position
            after = self.after_right_delimiter(start)
            if after >= 0:
                if depth:
                    return self.error("unclosed left paren", start)
                right = start if source[start] == "}" else start + 2
                self.add(Kind.RIGHT_DELIM, right, right + 2)
                self.position = after
                return True
            if start >= len(source):
                return self.error("unclosed action", start)
            character = source[start]
            if character in _BLANKS:
                blanks = _BLANK_RUN.match(source, start)
                end = blanks.end() if blanks else start
                if source.startswith("-}}", end):
                    end -= 1
                self.add(Kind.SPACE, start, end)
                self.position = end
            elif character in _SIMPLE:
                depth += (character == "(") - (character == ")")
                if depth < 0:
                    return self.error("unexpected right paren", start)
                self.add(_SIMPLE[character], start, start + 1)
                self.position = start + 1
            elif not self.term(character, start):
                return False

    def term(self, character: str, start: int) -> bool:
        source = self.source
        following = source[start + 1 : start + 2]
        if character == ":":
            if following != "=":
                return self.error("expected :=", start)
            self.add(Kind.DECLARE, start, start + 2)
            self.position = start + 2
        elif character == '"':
            return self.literal(_QUOTED, Kind.STRING, "unterminated quoted string")
        elif character == "'":
            return self.literal(_CHARACTER, Kind.CHAR_CONSTANT, "unterminated character constant")
        elif character == "`":
            end = source.find("`", start + 1)
            if end < 0:
                return self.error("unterminated raw quoted string", start)
            self.add(Kind.RAW_STRING, start, end + 1)
            self.position = end + 1
        elif character == "$":
            return self.word(Kind.VARIABLE, start + 1)
        elif character == "." and following and not "0" <= following <= "9":
            return self.word(Kind.FIELD, start + 1)
        elif character in "+-." or "0" <= character <= "9":
            return self.number()
        elif character == "_" or character.isalpha() or character.isdecimal():
            return self.word(Kind.IDENTIFIER, start)
        elif " " < character <= "~":
            self.add(Kind.CHAR, start, start + 1)
            self.position = start + 1
        else:
            return self.error(f"unrecognized character in action: {_named(character)}", start)
        return True

    def literal(self, pattern: re.Pattern[str], kind: Kind, problem: str) -> bool:
        found = pattern.match(self.source, self.position)
        if not found:
            return self.error(problem, self.position)
        self.add(kind, found.start(), found.end())
        self.position = found.end()
        return True

    def word(self, kind: Kind, after_mark: int) -> bool:
        """An identifier, field or variable; ``after_mark`` is behind the ``.`` or ``$``."""
        source = self.source
        start = self.position
        found = _WORD.match(source, after_mark)
        end = found.end() if found else after_mark
        for index in range(after_mark, end):
            character = source[index]
            if not (character == "_" or character.isalpha() or character.isdecimal()):
                end = index
                break
        following = source[end : end + 1]
        if following and following not in " \t\r\n.,|:()" and not source.startswith("}}", end):
            self.position = end
            return self.error(f"bad character {_named(following)}", end)
        if end == after_mark and kind is Kind.FIELD:
            kind = Kind.DOT
        elif kind is Kind.IDENTIFIER:
            text = source[start:end]
            if text in ("true", "false"):
                kind = Kind.BOOL
            elif not (text in ("break", "continue") and text in self.functions):
                kind = KEYWORDS.get(text, kind)
        self.add(kind, start, end)
        self.position = end
        return True

    def number(self) -> bool:
        source = self.source
        start = self.position
        end = self.scan_number(start)
        if end < 0:
            return self.error(f"bad number syntax: {_quoted(source[start:-end])}", start)
        kind = Kind.NUMBER
        if source[end : end + 1] in ("+", "-"):
            second = self.scan_number(end)
            if second < 0 or source[second - 1] != "i":
                problem = f"bad number syntax: {_quoted(source[start : abs(second)])}"
                return self.error(problem, start)
            kind, end = Kind.COMPLEX, second
        self.add(kind, start, end)
        self.position = end
        return True

    def scan_number(self, start: int) -> int:
        """The end of the number at ``start``; negative when a letter or digit follows it."""
        found = _NUMBER.match(self.source, start)
        end = found.end() if found else start
        following = self.source[end : end + 1]
        if following and (following == "_" or following.isalpha() or following.isdecimal()):
            return -(end + 1)
        return end


def _named(character: str) -> str:
    """The character as Go's %#U prints it."""
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
