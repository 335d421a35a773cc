"""Print random questions for `original roundtrip`: typed YAML, right and wrong, one JSON line each.

Usage: python tools/types/questions.py COUNT SEED | (cd tools/types/original && go run . roundtrip)

Only fields of the original's table are asked for. Left out on purpose is what we answer otherwise:
anything but text inside binaryData, infinite numbers, quantities above the largest suffix.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator

from generate import Table, printed

ROOTS = (
    "apps/v1.Deployment",
    "core/v1.Affinity",
    "core/v1.ConfigMap",
    "core/v1.Container",
    "core/v1.EnvFromSource",
    "core/v1.EnvVar",
    "core/v1.PodSpec",
    "core/v1.PodTemplateSpec",
    "core/v1.ResourceRequirements",
    "core/v1.Service",
    "core/v1.ServiceAccount",
    "core/v1.Toleration",
    "gateway.networking.k8s.io/v1.HTTPRoute",
    "gateway.networking.k8s.io/v1.ParentReference",
    "inference.networking.x-k8s.io/v1alpha2.InferenceModel",
    "inference.networking.x-k8s.io/v1alpha2.InferencePool",
    *("quantity",) * 12,
    "rbac.authorization.k8s.io/v1.RoleBinding",
)
RIGHT = {
    "string": ["a", '"x y"', '""', "b-c", '"true"'],
    "bool": ["true", "false", "yes", "off"],
    "intOrString": ["0", "80", "http", '"25%"', "2.0"],
    "time": ['"2024-01-02T03:04:05Z"', "2024-01-02T03:04:05+02:00", '"2024-01-02T03:04:05.9Z"'],
    "bytes": ['"aGVsbG8="', '""', '"YQ=="', '"aGVs\\nbG8="'],
    "any": ['{"a": 1.0, "b": [null, 2.5]}', "{}"],
}
NUMBERS = ["0", "1", "80", "2.0", "1e1", "-3", "0x10"]
ODD = [
    *('""', "0", "1", "-1", "2.0", "1.5", "true", "no", "null", "~", "3000000000", ".5", "010"),
    *("99999999999999999999", "1e21", "1e-7", "2024-01-02", '"80"', "100m", "1_000", "1.10"),
    *("123456789.5", "65536", "1234567890123456789.0", "-0.0", "16777217.0", "[]", "{}", "[1]"),
    "{a: 1}",
]
SUFFIXES = [
    *("", "", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"),
    *("e3", "E3", "e-3", "e+6", "e1", "E-2", "e-12", "e20"),
    *("i", "K", "ee3", "e", "e+", "Mi3", "mm", ".", "-"),
]


class Writer:
    """Writes random YAML for types of a table; a share ``wrong`` of the values is of any type."""

    def __init__(self, table: Table, seed: int) -> None:
        self._table = table
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def question(self) -> dict[str, str]:
        root = self._random.choice(ROOTS)
        wrong = self._random.choice((0, 0, 0.05))
        return {"type": root, "yaml": self._value(root, self._random.randint(2, 5), wrong)}

    def _value(self, expression: str, depth: int, wrong: float) -> str:
        choose = self._random
        if expression == "bytes":
            return choose.choice(RIGHT["bytes"])
        if depth > 0 and choose.random() < 0.03:
            return choose.choice(("null", "~"))
        if choose.random() < wrong:
            return choose.choice(ODD)
        expression = expression.removeprefix("*")
        item = expression[2:]
        if expression.startswith("[]"):
            items = (self._value(item, depth - 1, wrong) for _ in range(choose.randint(0, 2)))
            return f"[{', '.join(items)}]"
        if expression.startswith("{}"):
            keys = choose.sample(("a", "b", '"1"', "Abc", "x.y/z"), choose.randint(0, 3))
            pairs = (f"{key}: {self._value(item, depth - 1, wrong)}" for key in keys)
            return f"{{{', '.join(pairs)}}}"
        if expression in self._table:
            return self._struct(self._table[expression], depth, wrong)
        if expression == "quantity":
            return json.dumps(self._quantity())
        kind = expression.partition(":")[0]
        return choose.choice(RIGHT.get(kind, NUMBERS))

    def _struct(self, fields: dict[str, str], depth: int, wrong: float) -> str:
        if depth <= 0:
            return "{}"
        choose = self._random
        count = min(len(fields), choose.choice((0, 1, 2, 3, 5)))
        pairs = []
        for name in choose.sample(sorted(fields), count):
            spelling = choose.choices((name, name.upper(), name + "x"), (95, 4, 1))[0]
            value = self._value(fields[name].partition(",")[0], depth - 1, wrong)
            pairs.append(f"{spelling}: {value}")
        return f"{{{', '.join(pairs)}}}"

    def _quantity(self) -> str:
        choose = self._random
        digits = choose.choices("00123456789", k=choose.choice((0, 1, 1, 2, 3, 4, 5, 10, 17, 18)))
        text = choose.choice(("", "", "", "-", "+")) + "".join(digits)
        if choose.random() < 0.35:
            fraction = choose.choices("00123456789", k=choose.choice((0, 1, 2, 3, 6, 9, 12, 20)))
            text += "." + "".join(fraction)
        return text + choose.choice(SUFFIXES)


def questions(table: Table, count: int, seed: int) -> Iterator[dict[str, str]]:
    """``count`` questions about types of ``table``; the same ones for the same seed."""
    writer = Writer(table, seed)
    for _ in range(count):
        yield writer.question()


def main() -> None:
    for question in questions(printed("original"), int(sys.argv[1]), int(sys.argv[2])):
        print(json.dumps(question))


if __name__ == "__main__":
    main()
