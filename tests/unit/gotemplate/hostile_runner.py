"""Runs hostile templates, each in a process of its own, and prints what it cost as JSON lines.

Arguments: the file with the templates, the name of its table, the module that renders. A line has
``name``, ``outcome`` (the error's code, or what else happened), ``seconds`` of processor time and
``megabytes`` of memory beyond what the process had before.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import sys
import time
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


def measured(render: Any, profile: Any, text: str) -> dict[str, Any]:
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
        outcome = attempt(render, profile, text)
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
    render = importlib.import_module(module).render
    go = importlib.import_module("msvc_pulumi.gotemplate")
    profiles = {"narrow": go.NARROW, "wide": go.WIDE}
    for name, (profile, text) in getattr(templates, table).items():
        print(json.dumps({"name": name, **measured(render, profiles[profile], text)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
