"""Makes random Go templates that reach most of text/template and sprig.

`Templates(seed).row()` is a template with the data it is rendered with, in the form the oracle and
``templaterows`` read. Expressions are typed, with a share of mistakes, so that
most templates render and the rest fail for many different reasons. What Go leaves open (the order
of keys and values) is sorted or kept to one entry.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from typing import Any, TypeVar

__all__ = ["Templates"]

Choice = TypeVar("Choice")

VARS = {
    "ModelServiceName": "llama",
    "ModelServiceNamespace": "prod",
    "ModelName": "meta-llama/Llama-3.1-8B",
    "HFModelName": "meta-llama/Llama-3.1-8B",
    "SanitizedModelName": "meta-llama-llama-3-1-8b",
    "ModelPath": "models/llama",
    "MountedModelPath": "/cache/models/llama",
    "AuthSecretName": "",
    "EPPServiceName": "llama-epp-service",
    "EPPDeploymentName": "llama-epp",
    "PrefillDeploymentName": "llama-prefill",
    "DecodeDeploymentName": "llama-decode",
    "PrefillServiceName": "llama-service-prefill",
    "DecodeServiceName": "llama-service-decode",
    "InferencePoolName": "llama-inference-pool",
    "InferenceModelName": "llama-inference-model",
}
MAP = {
    "name": "web",
    "empty": "",
    "n": 3,
    "zero": 0,
    "neg": -7,
    "big": 12345678901,
    "f": 1.5,
    "fl": 22500000000.5,
    "t": True,
    "fa": False,
    "nul": None,
    "list": ["a", "b", "c"],
    "nums": [3, 1, 2],
    "mixed": [1, "two", 3.5, True, None],
    "elist": [],
    "map": {"z": 1, "a": 2, "m": 3},
    "one": {"k": "v"},
    "emap": {},
    "deep": {"x": {"y": {"z": "deep"}}, "k": [10, {"q": "r"}]},
    "items": [{"name": "one", "port": 80}, {"name": "two", "port": 443}],
    "uni": "héllo wörld ☃",
    "html": '<a href="x">O\'Reilly & co</a>',
    "ml": "line1\n line2\n\nline3\t",
}
STRINGS = (
    "",
    "a",
    "Foo Bar",
    "foo_bar-baz",
    "HTTPServer2xOK",
    " pad ",
    "x,y,,z",
    "é☃z",
    "12",
    "-3",
    "4.9",
    "010",
    "0x1f",
    "1e3",
    "true",
    "a\nb",
    "q\"uo'te",
    "<&>",
    "a/b//c.tar.gz",
    "\x01\x7f",
    "日本",
    "%d %s",
    "1.2.3",
    "v1.2",
    "aGk=",
    "1h30m",
    "k",
    "z",
    "name",
)
PATTERNS = (
    *("a", "[a-c]+", "(\\w)(\\w)", "^a|b$", "\\d+", "[^a-z0-9]", "e?", "x*", "(?i)FOO", "o{2}"),
    *(
        "\\s+",
        "(a|ab)(c|bcd)?",
        "\\b\\w",
        "[[:alpha:]]+",
        "\\p{L}+",
        "(?s).",
        "[",
        "(",
        "*",
        "a{1001}",
        "\\",
    ),
    *("\\C", "\\07", "\\Z", "\\B", "a{,2}", "\\Q.+\\E", "(?m)^.", "(?U)a+", "(?<n>\\pL)(?P<n>.)"),
    *(
        "(?i)\u017f|k",
        "[é-ü]|\\x{1F600}",
        "(?P<é>.)",
        "a**",
        "(?=a)",
        "[[:foo:]]",
        "\\A|\\z",
        "(|a)*",
        "",
    ),
)
CONSTRAINTS = (">=1.0", "^1.2.0", "~1.2", "<2 || 3.x", "1.2 - 1.4", "!=1.2.3", "*", "bad", "")
VERSIONS = ("1.2.3", "v1.30.1", "1.2.0-rc1", "2", "bad", "1.2.3+b5")
OBJECTS = ('{"a":{"b":1e30}}', '{"a":', '{"k":[1]}')
FORMATS = "vdsqxXtTefgGbocU"
KINDS = ("string", "int", "slice", "map", "int64", "float64", "bool", "invalid")


HOLE = re.compile(r"<(\w+)([+*]?)>")
WORDS = {
    "plain": ["<case>", "<coded>", "<name>"],
    "case": ["upper", "lower", "title", "untitle", "swapcase", "trim", "nospace", "initials"],
    "coded": ["b64enc", "b64dec", "b32enc", "b32dec", "sha1sum", "sha256sum", "adler32sum"],
    "name": [
        "snakecase",
        "camelcase",
        "kebabcase",
        "regexQuoteMeta",
        "base",
        "dir",
        "clean",
        "ext",
    ],
    "trim": ["trimAll", "trimPrefix", "trimSuffix", "trimall"],
    "sized": ["trunc", "abbrev", "indent", "nindent", "repeat", "wrap"],
    "shown": ["quote", "squote", "cat", "print", "println", "html", "js", "urlquery"],
    "text": [
        "toString",
        "toJson",
        "toPrettyJson",
        "toRawJson",
        "typeOf",
        "kindOf",
        "duration",
        "durationRound",
    ],
    "replaceAll": ["regexReplaceAll", "regexReplaceAllLiteral"],
    "end": ["first", "last"],
    "many": ["add", "max", "min", "mul", "biggest"],
    "two": ["sub", "div", "mod"],
    "whole": ["int64", "add1", "toDecimal"],
    "decimal": ["addf", "subf", "mulf", "divf", "maxf", "minf"],
    "rounded": ["floor", "ceil", "float64", "add1f"],
    "order": ["ne", "lt", "le", "gt", "ge"],
    "logic": ["and", "or"],
    "part": ["hasPrefix", "hasSuffix", "contains"],
    "match": ["regexMatch", "mustRegexMatch"],
    "kind": ["kindIs", "typeIs", "typeIsLike"],
    "listing": ["list", "tuple"],
    "adding": ["append", "prepend"],
    "relist": ["uniq", "reverse", "rest", "initial", "compact", "mustUniq", "mustRest"],
    "merging": ["merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"],
    "small": ["-2", "-1", "0", "1", "2", "3", "5", "8"],
    "stop": ["0", "1", "3", "-1", "9"],
    "step": ["1", "2", "-1", "0"],
    "most": ["-1", "0", "1", "2"],
    "bounds": ["", "0", "1", "0 2", "1 3", "2 1"],
    "roundOn": ["", "", "0.3", "1"],
    "numbers": ["", "0", "3", "-2", "1 3", "5 1", "0 2 5", "3 -1 -3", "1 2 3 4"],
    "field": ["k", "z", "k.z", "nope"],
    "seconds": ["0", "86399", "1700000000"],
    # Go's bounds are those of the capacity, which only given lists tell
    "given": ["$.list", "$.nums", "$.elist", '(list "a" 2 nil)'],
    "single": ["(dict)", "(dict 1 2)"],
    "entry": ["", "<S> <A>", "<S> <A> <S> <A>", '"k" <A> "a" <A> "z" nil'],
    "path": ["<S>", "<S> <S>"],
    "seldom": ["index <D> <S>"] * 4 + ["index <A> <A>"],
}
"""What a hole of that name is filled with: one of these shapes."""
TEXTS = {
    "pattern": PATTERNS,
    "replacement": ("", "x", "${1}-", "$1", "$$", "$1x", "<$0>", "${n}", "$n²", "${", "$10"),
    "version": VERSIONS,
    "constraint": CONSTRAINTS,
    "port": ("app_port", "inport", "x"),
    "goKind": KINDS,
    "array": ("[1,null,2.5]", "[", "[[]]"),
    "object": OBJECTS,
    "url": (
        *("https://u@h:80/p?q=1#f", "/x", "a b", "S3:b@c%2f", "//u:p%40@h/%C3%A9", "///a", "h:8/p"),
        *(
            "http://a b/",
            "//h:x",
            "%zz",
            "http://[::1%25e%20]:1/",
            "http://%41/",
            "//é@h",
            "#%ff",
            "*?",
        ),
    ),
}
"""What a hole of that name is filled with: one of these as a quoted string."""
CALLS = {
    "S": (
        "<plain> <S>",
        "<plain> <S>",
        "<trim> <S> <S>",
        "<sized> <small> <S>",
        "substr <small> <stop> <S>",
        "replace <S> <S> <S>",
        "wrapWith <small> <S> <S>",
        "abbrevboth <small> 7 <S>",
        "<shown> <A*>",
        "<text> <A>",
        "printf <format> <A+>",
        "printf <format> <A+>",
        "join <S> <L>",
        "regexFind <pattern> <S>",
        "<replaceAll> <pattern> <S> <replacement>",
        "seq <numbers>",
        "plural <S> <S> <I>",
        "ternary <S> <A> <B>",
        "default <S> <A>",
        "coalesce <A+>",
        "get <D> <S>",
        "dig <path> <A> <D>",
        "<seldom>",
        "<end> <L>",
        "<D>.<field>",
        'date "2006-01-02 15:04:05" <seconds>',
        "(semver <version>).Original",
    ),
    "I": ("len <A>", "int <A>", "atoi <S>", "index (list 3 1 2) <step>", "getPort <port>"),
    "J": ("<many> <A+>", "<two> <I> <A>", "<whole> <A>"),
    "F": ("<decimal> <A+>", "<rounded> <A>", "round <F> <small> <roundOn>"),
    "B": (
        "eq <same>",
        "eq <same> <A>",
        "<order> <same>",
        "<logic> <A+>",
        "not <A>",
        "empty <A>",
        "any <A*>",
        "all <A*>",
        "hasKey <D> <S>",
        "has <A> <L>",
        "<part> <S> <S>",
        "<match> <pattern> <S>",
        "semverCompare <constraint> <version>",
        "deepEqual <A> <A>",
        "<kind> <goKind> <A>",
    ),
    "L": (
        "<listing> <A*>",
        "splitList <S> <S>",
        "until <small>",
        "untilStep <small> <stop> <step>",
        "<adding> <L> <A>",
        "concat <L*>",
        "<relist> <L>",
        "sortAlpha <A>",
        "toStrings <A>",
        "without <L> <A*>",
        "slice <given> <bounds>",
        "chunk <small> <L>",
        "regexFindAll <pattern> <S> <most>",
        "regexSplit <pattern> <S> <most>",
        "keys <D*> | sortAlpha",
        "values <single>",
        "pluck <S> <D*>",
        "fromJson <array>",
        "deepCopy (list <A*>)",
    ),
    "D": (
        "dict <entry>",
        "dict <entry>",
        "set (deepCopy <D>) <S> <A>",
        "unset <D> <S>",
        "<merging> (deepCopy <D>) <D*>",
        "pick <D> <S*>",
        "omit <D> <S*>",
        "split <S> <S>",
        "splitn <S> <most> <S>",
        "fromJson <object>",
        "urlParse <url>",
    ),
}
"""Calls by the kind they give. A hole ``<S>`` is a term of that kind (``+`` one to three, ``*``
none to three), a hole with a longer name is filled from WORDS or TEXTS."""


class Templates:
    """A reproducible stream of templates."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.variables: list[tuple[str, str]] = []
        self.ranges = 0
        self.defined: list[str] = []
        self.struct = False
        self.in_define = False

    def row(self) -> dict[str, Any]:
        self.struct = self.chance(0.3)
        self.variables, self.ranges, self.defined = [], 0, []
        # the first error ends a template, so most have few statements
        body = self.body(self.pick((1, 1, 1, 1, 2, 4)), self.pick((1, 1, 3)))
        for index, name in enumerate(self.defined):
            self.variables, self.in_define = [], True
            define = f'{self.left()}define "{name}"{self.right()}{self.body(2, 2)}{{{{end}}}}'
            self.in_define = False
            body = define + body if index % 2 else body + define
        if self.chance(0.08):
            body = self.mutated(body)
        row: dict[str, Any] = {
            "template": body,
            "data": VARS if self.struct else MAP,
            "data_kind": "struct" if self.struct else "map",
        }
        if not self.struct and self.chance(0.05):
            row["missingkey"] = self.pick(("error", "zero"))
        return row

    # --- choices ---

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, choices: Sequence[Choice]) -> Choice:
        return self.random.choice(choices)

    def mutated(self, text: str) -> str:
        """``text`` with one character gone, doubled or replaced."""
        at = self.random.randrange(max(len(text), 1))
        new: str = self.pick(("", text[at : at + 1] * 2, *"{}().|$\"'`-=:,%#/ 1x\n"))
        return text[:at] + new + text[at + 1 :]

    # --- statements ---

    def left(self) -> str:
        return self.pick(("{{", "{{ ", "{{ ", "{{- "))

    def right(self) -> str:
        return self.pick(("}}", " }}", " }}", " -}}"))

    def action(self, inner: str) -> str:
        return f"{self.left()}{inner}{self.right()}"

    def text(self) -> str:
        return self.pick(("", "a", " ", "\n  - ", "key: ", "\n\n", "é", "}{ ", '"', "\t x \t"))

    def body(self, count: int, depth: int) -> str:
        mark = len(self.variables)
        parts = []
        for _ in range(count):
            parts.append(self.text())
            parts.append(self.statement(depth))
        parts.append(self.text())
        del self.variables[mark:]
        return "".join(parts)

    def statement(self, depth: int) -> str:
        kind = self.random.random()
        if depth <= 0 or kind < 0.45:
            return self.action(self.pipeline(2))
        if kind < 0.55:
            return self.declaration()
        if kind < 0.68:
            return self.branch("if", depth)
        if kind < 0.77:
            return self.branch("with", depth)
        if kind < 0.9:
            return self.range(depth)
        if kind < 0.93 and self.ranges:
            return self.action(self.pick(("break", "continue")))
        if kind < 0.97 and not self.in_define:
            return self.template(depth)
        return self.pick(("{{/* c */}}", "{{- /* a\nb */ -}}", "{{/**/}}"))

    def declaration(self) -> str:
        kind = self.pick("SSIFBLD")
        known = [name for name, _ in self.variables]
        if known and self.chance(0.4):
            return self.action(f"{self.pick(known)} = {self.expression(kind, 2)}")
        name = self.pick(("$x", "$y", "$zed"))
        text = self.action(f"{name} := {self.expression(kind, 2)}")
        self.variables.append((name, kind))
        return text

    def branch(self, word: str, depth: int) -> str:
        mark = len(self.variables)
        head = self.pipeline(2)
        if self.chance(0.25):
            head = f"$w := {head}"
            self.variables.append(("$w", "A"))
        text = self.action(f"{word} {head}") + self.body(2, depth - 1)
        if self.chance(0.25):
            text += self.action(f"else {word} {self.pipeline(1)}") + self.body(1, depth - 1)
        if self.chance(0.4):
            text += self.action("else") + self.body(1, depth - 1)
        del self.variables[mark:]
        return text + self.action("end")

    def range(self, depth: int) -> str:
        mark = len(self.variables)
        subject: str = self.iterable()
        names = self.pick(((), (), ("$e",), ("$i", "$e")))
        operator = ":="
        if names and self.variables and self.chance(0.1):
            operator = "="
            names = tuple(self.pick(self.variables)[0] for _ in names)
        head = f"{', '.join(names)} {operator} {subject}" if names else subject
        self.variables.extend((name, "A") for name in names)
        self.ranges += 1
        text = self.action(f"range {head}") + self.body(2, depth - 1)
        self.ranges -= 1
        if self.chance(0.3):
            text += self.action("else") + self.body(1, depth - 1)
        del self.variables[mark:]
        return text + self.action("end")

    def iterable(self) -> str:
        """What a range goes over; never a number that would keep Go busy for minutes."""
        kind = self.random.random()
        if kind < 0.08:
            return self.pick(("3", "0", "-1", "0x2", "(len .)", "(add 1 1)", "2.0", "true", '"a"'))
        if kind < 0.3 and not self.struct:
            return self.pick(
                (".list", ".nums", ".mixed", ".elist", ".items", ".map", ".deep", ".nul")
            )
        return f"({self.call(self.pick('LLLD'), 2)})"

    def template(self, depth: int) -> str:
        if self.chance(0.3):
            kept, self.variables = self.variables, []
            ranges, self.ranges = self.ranges, 0
            inner = self.body(1, depth - 1)
            self.variables, self.ranges = kept, ranges
            name = f"b{self.random.randrange(1000)}"
            return self.action(f'block "{name}" {self.expression("A", 1)}') + inner + "{{end}}"
        name = f"t{len(self.defined)}"
        if self.chance(0.9):
            self.defined.append(name)
        return self.action(f'template "{name}" {self.pick((".", self.expression("A", 1), ""))}')

    # --- expressions ---

    def pipeline(self, depth: int) -> str:
        text = self.expression(self.pick("SSSIJFBLDA"), depth)
        while self.chance(0.25):
            text += " | " + self.pick(
                (
                    "quote",
                    "upper",
                    "len",
                    "toJson",
                    "print",
                    "printf " + json.dumps(self.format()),
                    "default " + self.expression("S", 1),
                    "trim",
                    "toString",
                    "first",
                    "typeOf",
                    "not",
                    "add 1",
                    "indent 2",
                    "join " + json.dumps("-"),
                    "eq " + self.expression("S", 1),
                    "replace " + self.string() + " " + self.string(),
                )
            )
        return text

    def format(self) -> str:
        flags = "".join(self.pick(("", "", "", "-", "+", "#", "0", " ")) for _ in range(2))
        width = self.pick(("", "", "5", "12", "*"))
        precision = self.pick(("", "", "", ".0", ".2", ".7"))
        verb = self.pick(FORMATS)
        return (
            self.pick(("", "<")) + f"%{flags}{width}{precision}{verb}" + self.pick(("", ">", "%%"))
        )

    def string(self) -> str:
        text = self.pick(STRINGS)
        if self.chance(0.15) and "`" not in text:
            return f"`{text}`"
        if self.chance(0.03):
            return '"\\xff\\u00e9\\101"'
        return json.dumps(text, ensure_ascii=self.chance(0.5))

    def expression(self, kind: str, depth: int) -> str:
        """A term of the kind: S string, I int, J int64, F float, B bool, L list, D dict, A any."""
        if self.chance(0.012):
            kind = self.pick("SIJFBLDA")
        if kind == "A":
            kind = self.pick("SSIJFBLDN.")
        if kind == ".":
            return self.dot()
        if depth <= 0 or kind == "N" or self.chance(0.3):
            return self.simple(kind)
        return f"({self.call(kind, depth - 1)})"

    def simple(self, kind: str) -> str:
        loose = "A" if kind == "A" or self.chance(0.1) else kind
        fitting = [name for name, known in self.variables if known in (kind, loose)]
        if fitting and self.chance(0.35):
            return str(self.pick(fitting))
        root = "$" if self.chance(0.4) and not self.in_define else ""
        if self.chance(0.1 if kind == "A" else 0.005):
            return self.dot()
        if self.struct and kind in "SA" and self.chance(0.6):
            return f"{root}.{self.pick(tuple(VARS))}"
        if not self.struct and self.chance(0.5):
            names = {
                "S": ("name", "empty", "uni", "html", "ml", "deep.x.y.z", "one.k"),
                "I": ("n", "zero", "neg", "map.a"),
                "F": ("f", "fl"),
                "B": ("t", "fa"),
                "L": ("list", "nums", "mixed", "elist", "items", "deep.k"),
                "D": ("map", "one", "emap", "deep"),
                "N": ("nul", "nope", "deep.nope", "map.nope"),
            }.get(kind)
            if names:
                return f"{root}.{self.pick(names)}"
        return self.literal(kind)

    def dot(self) -> str:
        """Dot; inside a list or map Go prints a struct by its address, so then as text."""
        return self.pick(("(toJson .)", '(printf "%+v" .)', "(print .)")) if self.struct else "."

    def literal(self, kind: str) -> str:
        number = str(self.pick((0, 1, 2, 3, 4, -1, 7, 10, 100)))
        huge = str(self.pick((2**31, -(2**63), 2**63 - 1, 2**63)))
        match kind:
            case "S":
                return self.string()
            case "I":
                return self.pick((number, number, "0x1F", "1_000", "'a'", "0b11", "0o17", "3.0"))
            case "J":
                return self.pick(
                    (f"(int64 {number})", f"(int64 {number})", f"(add {huge} 1)", "(add1 2)")
                )
            case "F":
                return self.pick(
                    ("1.5", "0.1", "3.0", "1e3", "-2.5", "1e21", "0.00001", "1e6", "123456.789")
                )
            case "B":
                return self.pick(("true", "false"))
            case "L":
                return self.pick(("(list)", '(list 1 "a" nil)', '(list "b" "a")', "(until 3)"))
            case "D":
                return self.pick(("(dict)", '(dict "k" 1)', '(dict "k" (dict "z" "q") "a" nil)'))
        return "nil"

    def call(self, kind: str, depth: int) -> str:
        """A call that gives the kind, without parentheses."""
        if kind not in CALLS:
            return self.simple(kind)
        return self.filled(self.pick(CALLS[kind]), depth)

    def filled(self, shape: str, depth: int) -> str:
        """``shape`` with every hole filled (see CALLS)."""

        def fill(hole: re.Match[str]) -> str:
            name, repeat = hole[1], hole[2]
            if name in WORDS:
                return self.filled(self.pick(WORDS[name]), depth)
            if name in TEXTS:
                return json.dumps(self.pick(TEXTS[name]))
            if name == "format":
                return json.dumps("".join(self.format() for _ in range(self.pick((1, 1, 2)))))
            if name == "same":
                return self.same()
            least = {"": 1, "+": 1, "*": 0}[repeat]
            count = self.random.randint(least, 3) if repeat else 1
            return " ".join(self.expression(name, depth) for _ in range(count))

        return HOLE.sub(fill, shape)

    def same(self) -> str:
        """Two terms that can mostly be compared."""
        kind = self.pick("SSIIFJAN")
        other = kind if self.chance(0.9) else "A"
        return f"{self.expression(kind, 1)} {self.expression(other, 1)}"
