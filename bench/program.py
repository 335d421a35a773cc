"""Time `pulumi up` of a Python program: ModelServices by the component, and the same by hand.

    python bench/program.py [N] [--rounds 3]

N is 20 unless stated. By hand means a program of calls of `pulumi_kubernetes` classes with the very
properties that the component declares. Both run through Pulumi's own SDK and the language host, on
one local control plane without nodes. Prints medians; asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from contenders import Figures, introduce
from fleet import BASE, prepare, services

from msvc_pulumi.components.kinds import KINDS, snake
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.out.declaration import declarations
from msvc_pulumi.plan import PlanOptions, plan_model_service

COMPONENT = """
import yaml

from msvc_pulumi.components import ModelService

base = yaml.safe_load(open("base.yaml"))
for service in yaml.safe_load_all(open("services.yaml")):
    arguments = {"model_service": service, "base_config": base}
    ModelService(service["metadata"]["name"], arguments)
"""
CONTENDERS = ("component", "by hand")


def by_hand(every: list[dict[str, Any]]) -> str:
    """The source of a program that declares the objects of ``every``."""
    lines = ["import pulumi", "import pulumi_kubernetes as k8s", ""]
    for service in every:
        name = service["metadata"]["name"]
        for declaration in declarations(name, plan_model_service(service, BASE, PlanOptions())):
            properties = dict(declaration.properties)
            version, kind = properties.pop("apiVersion"), properties.pop("kind")
            typed = KINDS.get((version, kind))
            stated = {snake(key) if typed else key: value for key, value in properties.items()}
            path = "apiextensions.CustomResource"
            if typed is None:
                stated |= {"api_version": version, "kind": kind}
            else:
                path = typed.__module__.removeprefix("pulumi_kubernetes.").rpartition(".")[0]
                path += f".{typed.__name__}"
            needs = ", ".join(f"made[{name!r}, {key!r}]" for key in declaration.depends_on)
            given = ", ".join(f"{key}={value!r}" for key, value in stated.items())
            lines.append(
                f"made[{name!r}, {declaration.key!r}] = k8s.{path}({declaration.name!r}, {given}, "
                f"opts=pulumi.ResourceOptions(depends_on=[{needs}]))"
            )
    return "\n".join([*lines[:3], "made = {}", *lines[3:]]) + "\n"


def project(folder: Path, main: str, files: dict[str, str]) -> Path:
    folder.mkdir()
    settings = {
        "name": "modelservice",
        "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
    }
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    (folder / "__main__.py").write_text(main)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started has to end
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=20)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (3)")
    arguments = parser.parse_args()
    every = services(arguments.count, "fleet")
    figures = Figures(CONTENDERS)
    introduce(arguments.count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        texts = {"services.yaml": yaml.safe_dump_all(every), "base.yaml": yaml.safe_dump(BASE)}
        projects = {
            "component": project(folder / "component", COMPONENT, texts),
            "by hand": project(folder / "hand", "import objects\n", {"objects.py": by_hand(every)}),
        }
        plane = LocalControlPlane(folder / "plane", nodes=(), progress=lambda _: None)
        with plane, plane.cluster() as cluster, Session.open(plane.kubeconfig) as session:
            prepare(cluster, arguments.count, "fleet")
            for number in range(arguments.rounds):
                for who, where in projects.items():
                    stack: Stack = session.stack(
                        f"{where.name}-{number}", project=where, output=subprocess.DEVNULL
                    )
                    stack = replace(stack, cluster=None)  # nothing of ours around the engine
                    for what in (f"create {arguments.count}", "nothing to do"):
                        with figures.timed(who, what):
                            stack.up("--skip-preview")
                    stack.destroy("--skip-preview")
                    shutil.rmtree(stack.folder, ignore_errors=True)
    figures.tell()


if __name__ == "__main__":
    main()
