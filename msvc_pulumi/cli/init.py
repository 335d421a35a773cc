"""``msvc init``: a first ModelService and BaseConfig, by flags or questions."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msvc_pulumi.artifacts import unused_fields
from msvc_pulumi.cli import answers, results
from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli.files import refuse_existing, write_new
from msvc_pulumi.errors import Diagnostic, Diagnostics
from msvc_pulumi.starter.choices import (
    AUTOSCALING,
    GATEWAY,
    PROMETHEUS,
    ROUTING,
    SOURCES,
    Choices,
    name_of,
    source_of,
)

__all__ = ["add_parser"]

FILES = ("msvc.yaml", "baseconfig.yaml")
STATED = (
    "gpus",
    "size",
    "secret",
    "prefill",
    "routing",
    "gateway",
    "autoscaling",
    "prometheus",
    "namespace",
)
FIELDS = {"secret": "authSecretName", "size": "size"}  # of spec.modelArtifacts
# Options that say something only beside a choice, with the choices, and how to make them.
FITTING = {
    "gateway": ("routing", ("v1alpha2", "v1"), "--routing v1alpha2 or v1"),
    "prometheus": ("autoscaling", ("keda",), "--autoscaling keda"),
}


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help="write a first ModelService and BaseConfig",
        description=f"Write {' and '.join(FILES)} for a model. On a terminal, what no option "
        "states is asked for. Files that are there already are left alone.",
    )
    add = parser.add_argument
    add("directory", metavar="DIRECTORY", nargs="?", default=".", help="where to (default: here)")
    add(
        "--name",
        metavar="NAME",
        type=answers.label,
        help="of the ModelService (default: the model's)",
    )
    add("--source", choices=tuple(SOURCES), help="where the model is (default: hf)")
    add("--model", metavar="URI", type=answers.uri, help=f"such as {SOURCES['hf']}")
    add(
        "--size",
        metavar="QUANTITY",
        type=answers.quantity,
        help="limit of its download, such as 20Gi",
    )
    add("--secret", metavar="NAME", type=answers.name, help="with the token, or for the registry")
    add("--gpus", metavar="N", type=answers.gpus, help="of each pod (default: 1)")
    add(
        "--prefill",
        action=argparse.BooleanOptionalAction,
        help="whether prompts are read by pods of their own (default: no)",
    )
    add("--routing", choices=ROUTING, help="generation of the Inference Extension (default: none)")
    add("--gateway", metavar="NAME", type=answers.name, help="that requests come from")
    add("--autoscaling", choices=AUTOSCALING, help="what sets the number of pods (default: none)")
    add("--prometheus", metavar="URL", type=answers.url, help="that keda asks")
    add(
        "--namespace",
        metavar="NAME",
        type=answers.label,
        help="of both (default: where they are applied)",
    )
    add("-y", "--yes", action="store_true", help="ask nothing, also on a terminal")
    printed.add_arguments(parser)
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.starter import files  # noqa: PLC0415  only needed here

    folder = Path(arguments.directory)
    refuse_existing(folder, FILES)
    if sys.stdin.isatty() and sys.stdout.isatty() and not arguments.yes:
        _ask_for_the_rest(arguments)
    choices = _choices(arguments)
    texts = dict(
        zip(FILES, (files.model_service(choices), files.base_config(choices)), strict=True)
    )
    printed.show(_found(texts, strict=arguments.strict), arguments)
    write_new(folder, texts)
    written = [_path(folder / name) for name in FILES]
    commands, needs = list(_commands(written)), list(_needs(choices))
    data = {"written": written, "next": commands, "needs": needs}
    results.write(arguments, data, _told(written, commands, needs))
    return 0


def _choices(arguments: argparse.Namespace) -> Choices:
    """What was chosen, with defaults for the rest. Wrong usage where two choices contradict."""
    model = arguments.model or SOURCES[arguments.source or "hf"]
    if arguments.source and source_of(model) != arguments.source:
        arguments.parser.error(f"--source {arguments.source} does not fit --model {model}")
    name, served_as = name_of(model)
    options = {key: getattr(arguments, key) for key in STATED}
    stated = {key: value for key, value in options.items() if value is not None}
    choices = Choices(arguments.name or name, model, served_as, **stated)
    for option, (choice, fitting, remedy) in FITTING.items():
        if stated.get(option) and getattr(choices, choice) not in fitting:
            arguments.parser.error(f"--{option} needs {remedy}")
    for option, field in FIELDS.items():
        given = {field: stated[option]} if stated.get(option) else {}
        for unused in unused_fields(model, given):
            arguments.parser.error(f"--{option}: {unused.summary}; {unused.help}")
    return choices


def _found(texts: dict[str, str], *, strict: bool) -> tuple[Diagnostic, ...]:
    """Warnings of the files before they are written. Raises ModelServiceError if there is more."""
    from msvc_pulumi.document.inputs import Inputs  # noqa: PLC0415
    from msvc_pulumi.document.source import parse  # noqa: PLC0415  only needed here
    from msvc_pulumi.document.sourcefile import Source  # noqa: PLC0415
    from msvc_pulumi.fleet.fleetplan import plan_inputs  # noqa: PLC0415
    from msvc_pulumi.target.options import PlanOptions  # noqa: PLC0415

    found = Diagnostics()
    service, config = (
        tuple(parse(Source(name, text), diagnostics=found)) for name, text in texts.items()
    )
    return plan_inputs(Inputs(service, config, tuple(found)), PlanOptions(), strict=strict).warnings


def _ask_for_the_rest(arguments: argparse.Namespace) -> None:
    """Ask for everything that no option states, each with its default."""
    for key, question, default, read in _questions(arguments):
        if getattr(arguments, key) is None:
            setattr(arguments, key, _asked(question, default, read))


def _questions(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, str, str, Callable[[str], Any]]]:
    """Option, question, default and reader; which come depends on the answers before."""
    if arguments.model is None:
        yield "source", f"Where is the model ({', '.join(SOURCES)})", "hf", answers.one_of(*SOURCES)
    yield "model", "URI of the model", SOURCES[arguments.source or "hf"], answers.uri
    yield "name", "Name of the ModelService", name_of(arguments.model)[0], answers.label
    if arguments.model.startswith("hf://"):
        yield (
            "secret",
            "Secret with a Hugging Face token, if it needs one",
            "",
            answers.or_none(answers.name),
        )
        yield (
            "size",
            "Size of the download, such as 20Gi, if it is to be limited",
            "",
            answers.or_none(answers.quantity),
        )
    yield "gpus", "GPUs of each pod", "1", answers.gpus
    yield "prefill", "Pods of their own for prefill (yes, no)", "no", answers.truth
    yield (
        "routing",
        f"Routing by the Inference Extension ({', '.join(ROUTING)})",
        "none",
        answers.one_of(*ROUTING),
    )
    if arguments.routing != "none":
        yield "gateway", "Name of the Gateway", GATEWAY, answers.name
    yield (
        "autoscaling",
        f"Autoscaling ({', '.join(AUTOSCALING)})",
        "none",
        answers.one_of(*AUTOSCALING),
    )
    if arguments.autoscaling == "keda":
        yield "prometheus", "Address of Prometheus", PROMETHEUS, answers.url
    yield "namespace", "Namespace, if it is to be stated", "", answers.or_none(answers.label)


def _asked(question: str, default: str, read: Callable[[str], Any]) -> Any:
    while True:
        sys.stdout.write(f"{question}{f' [{default}]' if default else ''}: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt  # the terminal was closed, or Ctrl-D
        try:
            return read(line.strip() or default)
        except argparse.ArgumentTypeError as problem:
            sys.stdout.write(f"  {problem}\n")


def _told(written: list[str], commands: list[str], needs: list[str]) -> str:
    files = " and ".join(map(shlex.quote, written))
    paragraphs = [[f"wrote {files}"], ["next:", *(f"  {command}" for command in commands)]]
    if needs:
        paragraphs.append(["it needs:", *(f"  {need}" for need in needs)])
    return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"


def _path(file: Path) -> str:
    """``file`` as an argument that no command takes for an option."""
    return f"./{file}" if str(file).startswith("-") else str(file)


def _commands(written: list[str]) -> Iterator[str]:
    """What to do with the files."""
    service, config = map(shlex.quote, written)
    for command in ("validate", "generate", "up"):
        yield f"msvc {command} -m {service} -b {config}"


def _needs(choices: Choices) -> Iterator[str]:
    """What has to be in the cluster."""
    space = f" -n {choices.namespace}" if choices.namespace else ""
    if choices.secret and choices.is_in_hub_layout:
        literal = "--from-literal=HF_TOKEN=TOKEN"
        yield f"kubectl{space} create secret generic {choices.secret} {literal}"
    if choices.secret and choices.source == "oci":
        literals = "--docker-server=HOST --docker-username=NAME --docker-password=PASSWORD"
        yield f"kubectl{space} create secret docker-registry {choices.secret} {literals}"
    if choices.source == "pvc":
        claim = choices.model.partition("://")[2].partition("/")[0]
        yield f"a PersistentVolumeClaim {claim} that holds the model"
    if choices.routing != "none":
        yield f"a Gateway {choices.gateway}, and the Inference Extension, {choices.routing}"
    elif choices.prefill:
        yield "somebody who names prefill pods in requests: an endpoint picker of yours"
    if choices.autoscaling == "hpa":
        yield "an adapter that serves the metric vllm_num_requests_waiting of pods"
    if choices.autoscaling == "keda":
        yield f"KEDA, and Prometheus at {choices.prometheus}"
