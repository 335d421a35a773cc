"""The Go dialect and the real engine agree on templates nobody has seen before."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from templaterows import render_row

HERE = Path(__file__).parent
ORACLE = HERE / "oracle"
CASES = HERE.parent / "conformance" / "templates"
SEED = 20_250_702
BATCH = 500
SECONDS = 30.0
SHARE = 0.995


def _generator() -> Any:
    specification = importlib.util.spec_from_file_location("templates", HERE / "templates.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.Templates(SEED)


@pytest.fixture(scope="module")
def oracle() -> Path:
    """The oracle's binary, built into the user's cache when its sources changed."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("no Go toolchain")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "msvc-pulumi"
    sources = [path for path in sorted(ORACLE.rglob("*")) if path.is_file()]
    digest = sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    binary = cache / f"template-oracle-{digest}"
    if not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = binary.with_suffix(f".{os.getpid()}")
        command = ["nice", "-n", "10", go, "build", "-o", str(unfinished), "."]
        run = subprocess.run(command, cwd=ORACLE, capture_output=True, text=True, check=False)
        if run.returncode:
            pytest.skip(f"the oracle cannot be built: {run.stderr.strip()[-300:]}")
        unfinished.rename(binary)
    return binary


def answers(oracle: Path, rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What Go prints for each row."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    run = subprocess.run(
        [oracle], input=text, capture_output=True, text=True, timeout=120, check=True
    )
    # not splitlines: the answers hold line separators that JSON does not escape
    return [json.loads(line) for line in run.stdout.rstrip("\n").split("\n")]


def test_random_templates_agree(
    oracle: Path, record_property: Callable[[str, object], None]
) -> None:
    """Same output, or an error in both, for half a minute of random templates."""
    generator = _generator()
    deadline = time.monotonic() + SECONDS
    compared = same_text = errors = 0
    different = []
    while time.monotonic() < deadline:
        rows = [generator.row() for _ in range(BATCH)]
        for row, wanted in zip(rows, answers(oracle, rows), strict=True):
            answer = render_row(json.loads(json.dumps(row)))
            compared += 1
            errors += "err" in wanted
            same_text += "err" in wanted and answer == wanted
            if answer.get("out") != wanted.get("out"):
                different.append((row["template"], wanted, answer))
    record_property("compared", compared)
    record_property("different", len(different))
    record_property("error texts equal", f"{same_text} of {errors}")
    print(
        f"{compared} templates, {len(different)} differ, {same_text} of {errors} error texts equal"
    )
    assert compared >= BATCH
    assert 1 - len(different) / compared >= SHARE, different[:5]
    assert same_text >= 0.95 * errors


def test_own_cases_are_what_go_prints(oracle: Path) -> None:
    """The answers recorded for the conformance cases are this Go's."""
    data = json.loads((CASES / "data.json").read_text(encoding="utf-8"))
    lines = (CASES / "cases.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")
    rows = [json.loads(line) for line in lines]
    wanted = answers(oracle, [{**row, "data": data[row["data_kind"]]} for row in rows])
    recorded = [
        {"out": row["want"]} if "want" in row else {"err": row["want_error"]} for row in rows
    ]
    assert recorded == wanted
