"""The diagnostic codes in the source: `codes_in_source` returns each with the places that raise it.

A code is what ends up as the argument ``code`` of a `Diagnostic` or of what becomes one. It is
followed backwards from there: through parameters named ``code``, local names, tables that loops
and ``get`` read, and fields whose annotation is a Literal. What cannot be followed is told
(`Codes.unknown`), so no code gets lost.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
DEEPEST = 12
OTHERS = ("logger", "parser", "super()")  # whose methods are not those that are searched
Step = int | None
"""The number of an element, or any element of a table that a loop walks."""


class UnknownError(Exception):
    """A value that cannot be followed."""


@dataclass(slots=True)
class Codes:
    """Code → places that raise it; and the places whose code cannot be followed."""

    places: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unknown: set[str] = field(default_factory=set)


def codes_in_source(root: Path, folders: Sequence[str]) -> Codes:
    """Every code that a module in ``folders`` of ``root`` can raise."""
    trees = {
        str(path.relative_to(root)): ast.parse(path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
    }
    return _Search(trees).codes()


class _Search:
    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.trees = trees
        self.parents: dict[ast.AST, ast.AST] = {}
        self.file_of: dict[ast.AST, str] = {}
        self.constants: dict[str, dict[str, ast.expr]] = {name: {} for name in trees}
        self.literals: dict[str, set[str]] = defaultdict(set)
        self.functions: dict[str, list[ast.FunctionDef]] = defaultdict(list)
        self.classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        self.calls: list[ast.Call] = []
        for name, tree in trees.items():
            self._index(name, tree)
        # Function or class → position of its parameter ``code``; None if it is a keyword only.
        self.sinks: dict[ast.AST, int | None] = {
            one: _position(one) for group in self.functions.values() for one in group if _takes(one)
        }
        for group in self.classes.values():
            self.sinks.update(
                (one, place) for one in group if (place := _of_class(one)) is not None
            )

    def _index(self, name: str, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            self.file_of[node] = name
            self.parents.update((child, node) for child in ast.iter_child_nodes(node))
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name].append(node)
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name].append(node)
            elif isinstance(node, ast.Call):
                self.calls.append(node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.literals[node.target.id] |= _literal(node.annotation)
        for target, value in _bindings(tree.body):
            if isinstance(target, ast.Name):
                self.constants[name][target.id] = value
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                for left, right in zip(target.elts, value.elts, strict=True):
                    self.constants[name][ast.unparse(left)] = right

    def codes(self) -> Codes:
        found = Codes()
        for call in self.calls:
            place = f"{self.file_of[call]}:{call.lineno}"
            for value in self._code_arguments(call):
                try:
                    words = self._values(value)
                except UnknownError:
                    found.unknown.add(place)
                    continue
                for word in words:
                    if CODE.fullmatch(word):
                        found.places[word].add(place)
        for sink in self.sinks:
            if isinstance(sink, ast.FunctionDef):
                for word in self._default(sink):
                    found.places[word].add(f"{self.file_of[sink]}:{sink.lineno}")
        return found

    def _code_arguments(self, call: ast.Call) -> Iterator[ast.expr]:
        """What a call hands over as a code; more than one where several functions have its name."""
        callees = [one for one in self._callees(call) if one in self.sinks]
        stated = next((one.value for one in call.keywords if one.arg == "code"), None)
        if stated is not None and (callees or _called(call) == "replace"):
            yield stated
            return
        for position in {self.sinks[one] for one in callees}:
            if position is not None and position < len(call.args):
                yield call.args[position]

    def _callees(self, call: ast.Call) -> list[ast.FunctionDef | ast.ClassDef]:
        """The functions and classes that a call may mean: the nearest of its name."""
        name, file = _called(call), self.file_of[call]
        if name == "cls":
            return [one for one in self._scopes(call) if isinstance(one, ast.ClassDef)]
        known: list[ast.FunctionDef | ast.ClassDef] = [
            one
            for one in self.functions.get(name, ())
            if isinstance(call.func, ast.Attribute)
            or not isinstance(self.parents[one], ast.ClassDef)
        ]
        known += self.classes.get(name, ())
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith(OTHERS):
            return []
        own = [one for one in known if self.file_of[one] == file]
        if own or name.startswith("_"):
            return own
        package = file.rpartition("/")[0]
        beside = [one for one in known if self.file_of[one].rpartition("/")[0] == package]
        return beside or known

    def _scopes(self, node: ast.AST) -> Iterator[ast.AST]:
        while (outer := self.parents.get(node)) is not None:
            yield outer
            node = outer

    def _values(self, value: ast.expr, path: tuple[Step, ...] = (), depth: int = 0) -> set[str]:
        """The texts that ``value`` may be, or what is at ``path`` in it."""
        if depth > DEEPEST:
            raise UnknownError
        if isinstance(value, ast.IfExp):
            return self._any((value.body, value.orelse), path, depth)
        if isinstance(value, ast.BoolOp):
            return self._any(value.values, path, depth)
        if isinstance(value, ast.Name):
            return self._named(value, path, depth)
        if isinstance(value, ast.Attribute) and value.attr == "code":
            return set()  # of another diagnostic, which was found where it is made
        if isinstance(value, ast.Attribute) and value.attr == "CODE":
            return self._imported(value.attr, path, depth)
        if isinstance(value, ast.Call):
            return self._returned(value, path, depth)
        if path and isinstance(value, ast.Tuple | ast.List):
            step, rest = path[0], path[1:]
            chosen = value.elts if step is None else [value.elts[step]]
            return self._any(chosen, rest, depth)
        if path and isinstance(value, ast.Dict):
            return self._any(value.values, path, depth)
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and not path:
            return {value.value}
        if isinstance(value, ast.JoinedStr):
            return self._joined(value)
        raise UnknownError

    def _any(self, values: Iterable[ast.expr], path: tuple[Step, ...], depth: int) -> set[str]:
        return {word for value in values for word in self._values(value, path, depth + 1)}

    def _joined(self, value: ast.JoinedStr) -> set[str]:
        words = {""}
        for part in value.values:
            if isinstance(part, ast.Constant):
                more = {str(part.value)}
            elif isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Attribute):
                more = self.literals[part.value.attr]
            else:
                raise UnknownError
            words = {word + tail for word in words for tail in more}
        if not words:
            raise UnknownError
        return words

    def _named(self, name: ast.Name, path: tuple[Step, ...], depth: int) -> set[str]:
        for scope in self._scopes(name):
            if not isinstance(scope, ast.FunctionDef):
                continue
            if name.id in _parameters(scope):
                if name.id == "code" and scope in self.sinks:
                    return set()  # its callers state it
                raise UnknownError
            if bound := list(_bound(scope, name.id)):
                return {
                    word
                    for value, start in bound
                    for word in self._values(value, start + path, depth + 1)
                }
        own = self.constants[self.file_of[name]]
        if name.id in own:
            return self._values(own[name.id], path, depth + 1)
        return self._imported(name.id, path, depth)

    def _imported(self, name: str, path: tuple[Step, ...], depth: int) -> set[str]:
        known = [table[name] for table in self.constants.values() if name in table]
        if not known:
            raise UnknownError
        return self._any(known, path, depth)

    def _returned(self, call: ast.Call, path: tuple[Step, ...], depth: int) -> set[str]:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "groups":
            return set()  # read from the text of a diagnostic
        if isinstance(call.func, ast.Attribute) and call.func.attr == "get":
            return self._any((call.func.value, *call.args[1:]), path, depth)
        results = [
            node.value
            for function in self.functions.get(_called(call), ())
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and node.value is not None
        ]
        if not results:
            raise UnknownError
        return self._any(results, path, depth)

    def _default(self, function: ast.FunctionDef) -> set[str]:
        arguments = function.args
        named = arguments.posonlyargs + arguments.args
        pairs = [
            *zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        return {
            word
            for argument, default in pairs
            if argument.arg == "code" and default is not None
            for word in self._values(default)
        }


def _takes(function: ast.FunctionDef) -> bool:
    """Whether it takes a code: a text, for numbers are of processes and characters."""
    arguments = function.args
    every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    return any(one.arg == "code" and _is_text(one.annotation) for one in every)


def _position(function: ast.FunctionDef) -> int | None:
    names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
    return names.index("code") - (names[0] in ("self", "cls")) if "code" in names else None


def _of_class(known: ast.ClassDef) -> int | None:
    """The position of ``code`` among the fields of a class or the parameters of its making."""
    for node in known.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__" and _takes(node):
            return _position(node)
    fields = [node for node in known.body if isinstance(node, ast.AnnAssign)]
    for number, node in enumerate(fields):
        if _is_name(node.target, "code") and _is_text(node.annotation):
            return number
    return None


def _is_text(annotation: ast.expr | None) -> bool:
    return annotation is not None and _is_name(annotation, "str")


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_name(value: ast.expr, name: str) -> bool:
    return isinstance(value, ast.Name) and value.id == name


def _parameters(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    return [one.arg for one in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]


def _literal(annotation: ast.expr) -> set[str]:
    if isinstance(annotation, ast.Subscript) and _is_name(annotation.value, "Literal"):
        return {str(node.value) for node in ast.walk(annotation) if isinstance(node, ast.Constant)}
    return set()


def _bindings(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets with what they are set to."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield node.target, node.value


def _bound(scope: ast.FunctionDef, name: str) -> Iterator[tuple[ast.expr, tuple[Step, ...]]]:
    """What ``name`` is set to in a function, each with the way to it in that value."""
    for target, value in _bindings(ast.walk(scope)):
        yield from ((value, path) for path in _paths(target, name))
    for node in ast.walk(scope):
        if isinstance(node, ast.For | ast.comprehension):
            yield from ((node.iter, (None, *path)) for path in _paths(node.target, name))


def _paths(target: ast.expr, name: str) -> Iterator[tuple[Step, ...]]:
    if _is_name(target, name):
        yield ()
    elif isinstance(target, ast.Tuple):
        for number, inner in enumerate(target.elts):
            yield from ((number, *path) for path in _paths(inner, name))
