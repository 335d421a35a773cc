"""Runs hostile templates, each in a process of its own, and prints what it cost as JSON lines.

Arguments: the file with the templates, the name of its table, the module that renders. A line has
``name``, ``profile``, ``outcome`` (the error's code, or what else happened), ``must_fail``,
``seconds`` of processor time and ``megabytes`` of memory beyond what the process had before. Every
template runs under both profiles; the one it is written for has to stop it.

With the module ``plan`` the table holds pairs of documents, a ModelService and a BaseConfig or "",
which go through the whole pipeline up to the text of what is wrong with them.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

ADDRESS_SPACE = 400 << 20  # beyond the start; a template may use a quarter of it


def memory() -> int:
    """Peak resident memory of this process in KiB since it was last reset."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def attempt(render: Any, profile: Any, text: str) -> str:
    from msvc_pulumi.gotemplate import Function, Struct, TemplateError

    fields = [(name, name, "llama-3") for name in ("ModelName", "ModelServiceName")]
    port = Function("getPort", lambda name: 8000, ("string",), result="int32")
    try:
        data = Struct("controller.TemplateVars", fields)
        rendered = render(text, data, functions={"getPort": port}, profile=profile)
    except TemplateError as error:
        return error.code
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    return f"rendered {len(rendered.text)} characters"


def planned(service: str, base: str) -> str:
    """What comes of two documents: the codes of the errors, or "planned"."""
    from msvc_pulumi import report
    from msvc_pulumi.document.source import Source, parse
    from msvc_pulumi.errors import Diagnostics, ModelServiceError
    from msvc_pulumi.plan import plan_model_service

    found = Diagnostics()
    documents = parse(Source("msvc.yaml", service), diagnostics=found)
    bases = parse(Source("baseconfig.yaml", base), diagnostics=found)
    try:
        if documents and not found.errors:
            plan = plan_model_service(documents[0], bases[0] if bases else None)
            found.extend(plan.diagnostics)
    except ModelServiceError as error:
        found.extend(error.diagnostics)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    report.to_json(found)
    if not report.render(found):
        return "planned"
    return f"diagnosed: {' '.join(sorted({item.code for item in found.errors}))}"


def measured(work: Callable[[], str]) -> dict[str, Any]:
    """The figures of one attempt in a fork of this process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
            peak.write("5")
        with open("/proc/self/statm", encoding="ascii") as sizes:
            space = int(sizes.read().split()[0]) * resource.getpagesize() + ADDRESS_SPACE
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        before, started = memory(), time.process_time()
        outcome = work()
        seconds = time.process_time() - started
        figures = {
            "outcome": outcome,
            "seconds": round(seconds, 3),
            "megabytes": round((memory() - before) / 1024, 1),
        }
        os.write(writer, json.dumps(figures).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else {"outcome": "killed", "seconds": 99, "megabytes": 0}


def main(path: str, table: str, module: str) -> None:
    specification = importlib.util.spec_from_file_location("hostile", path)
    assert specification and specification.loader
    templates = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(templates)
    go = importlib.import_module("msvc_pulumi.gotemplate")
    profiles = {"narrow": go.NARROW, "wide": go.WIDE}
    if module == "plan":
        planned(*templates.HARMLESS)  # so that imports are nobody's costs
        for name, (service, base) in getattr(templates, table).items():
            row = {"name": name, "profile": "", "must_fail": False}
            print(json.dumps({**row, **measured(partial(planned, service, base))}), flush=True)
        return
    render = importlib.import_module(module).render
    for name, (wanted, text) in getattr(templates, table).items():
        for profile, bounds in profiles.items():
            row = {"name": name, "profile": profile, "must_fail": profile == wanted}
            work = partial(attempt, render, bounds, text)
            print(json.dumps({**row, **measured(work)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
