"""``msvc init``: a first ModelService and BaseConfig, by flags or questions."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli.files import refuse_existing, write_new
from msvc_pulumi.errors import Diagnostics
from msvc_pulumi.rules.names import dns_label, dns_subdomain
from msvc_pulumi.schema.quantity import QuantityError, canonical
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
MOST_GPUS = 64  # of one pod; more than any node has
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
URL = re.compile(r"https?://[\w.:/-]+")


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help="write a first ModelService and BaseConfig",
        description=f"Write {' and '.join(FILES)} for a model. On a terminal, what no option "
        "states is asked for. Files that are there already are left alone.",
    )
    add = parser.add_argument
    add("directory", metavar="DIRECTORY", nargs="?", default=".", help="where to (default: here)")
    add("--name", metavar="NAME", type=_label, help="of the ModelService (default: the model's)")
    add("--source", choices=tuple(SOURCES), help="where the model is (default: hf)")
    add("--model", metavar="URI", help=f"such as {SOURCES['hf']}")
    add("--size", metavar="QUANTITY", type=_quantity, help="limit of its download, such as 20Gi")
    add("--secret", metavar="NAME", type=_name, help="with the token, or for the registry")
    add("--gpus", metavar="N", type=_gpus, help="of each pod (default: 1)")
    add(
        "--prefill",
        action=argparse.BooleanOptionalAction,
        help="whether prompts are read by pods of their own (default: no)",
    )
    add("--routing", choices=ROUTING, help="generation of the Inference Extension (default: none)")
    add("--gateway", metavar="NAME", type=_name, help="that requests come from")
    add("--autoscaling", choices=AUTOSCALING, help="what sets the number of pods (default: none)")
    add("--prometheus", metavar="URL", type=_url, help="that keda asks")
    add(
        "--namespace", metavar="NAME", type=_label, help="of both (default: where they are applied)"
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
    _check(texts)
    write_new(folder, texts)
    sys.stdout.write("\n".join(_next(folder, choices)) + "\n")
    return 0


def _choices(arguments: argparse.Namespace) -> Choices:
    """What was chosen, with defaults for the rest. Wrong usage where two choices contradict."""
    model = arguments.model or SOURCES[arguments.source or "hf"]
    if arguments.source and source_of(model) != arguments.source:
        arguments.parser.error(f"--source {arguments.source} does not fit --model {model}")
    name, served_as = name_of(model)
    given = {key: getattr(arguments, key) for key in STATED}
    stated = {key: value for key, value in given.items() if value is not None}
    return Choices(arguments.name or name, model, served_as, **stated)


def _check(texts: dict[str, str]) -> None:
    """Raises ModelServiceError with all that is wrong with the files before they are written."""
    from msvc_pulumi.document.source import parse  # noqa: PLC0415  only needed here
    from msvc_pulumi.document.sourcefile import Source  # noqa: PLC0415
    from msvc_pulumi.fleetplan import plan_inputs  # noqa: PLC0415
    from msvc_pulumi.inputs import Inputs  # noqa: PLC0415
    from msvc_pulumi.options import PlanOptions  # noqa: PLC0415

    found = Diagnostics()
    service, config = (
        tuple(parse(Source(name, text), diagnostics=found)) for name, text in texts.items()
    )
    plan_inputs(Inputs(service, config, tuple(found)), PlanOptions())


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
        yield "source", f"Where is the model ({', '.join(SOURCES)})", "hf", _one_of(*SOURCES)
    yield "model", "URI of the model", SOURCES[arguments.source or "hf"], _uri
    yield "name", "Name of the ModelService", name_of(arguments.model)[0], _label
    if arguments.model.startswith("hf://"):
        yield "secret", "Secret with a Hugging Face token, if it needs one", "", _or_none(_name)
        yield (
            "size",
            "Size of the download, such as 20Gi, if it is to be limited",
            "",
            _or_none(_quantity),
        )
    yield "gpus", "GPUs of each pod", "1", _gpus
    yield "prefill", "Pods of their own for prefill (yes, no)", "no", _truth
    yield (
        "routing",
        f"Routing by the Inference Extension ({', '.join(ROUTING)})",
        "none",
        _one_of(*ROUTING),
    )
    if arguments.routing != "none":
        yield "gateway", "Name of the Gateway", GATEWAY, _name
    yield "autoscaling", f"Autoscaling ({', '.join(AUTOSCALING)})", "none", _one_of(*AUTOSCALING)
    if arguments.autoscaling == "keda":
        yield "prometheus", "Address of Prometheus", PROMETHEUS, _url
    yield "namespace", "Namespace, if it is to be stated", "", _or_none(_label)


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


def _next(folder: Path, choices: Choices) -> Iterator[str]:
    """What to do with the files."""
    service, config = (shlex.quote(str(folder / name)) for name in FILES)
    files = f"-m {service} -b {config}"
    yield f"wrote {service} and {config}"
    yield ""
    yield "next:"
    yield f"  msvc validate {files}"
    yield f"  msvc generate {files}"
    yield f"  msvc up {files}"
    space = f" -n {choices.namespace}" if choices.namespace else ""
    notes = []
    if choices.secret and choices.source == "hf":
        literal = "--from-literal=HF_TOKEN=TOKEN"
        notes.append(f"kubectl{space} create secret generic {choices.secret} {literal}")
    if choices.source == "pvc":
        claim = choices.model.partition("://")[2].partition("/")[0]
        notes.append(f"a PersistentVolumeClaim {claim} that holds the model")
    if choices.routing != "none":
        notes.append(f"a Gateway {choices.gateway}, and the Inference Extension, {choices.routing}")
    elif choices.prefill:
        notes.append("somebody who names prefill pods in requests: an endpoint picker of yours")
    if choices.autoscaling == "hpa":
        notes.append("an adapter that serves the metric vllm_num_requests_waiting of pods")
    if choices.autoscaling == "keda":
        notes.append(f"KEDA, and Prometheus at {choices.prometheus}")
    if notes:
        yield ""
        yield "it needs:"
        yield from (f"  {note}" for note in notes)


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in known:
            return text
        raise argparse.ArgumentTypeError(f'"{text}" is none of {", ".join(known)}')

    return read


def _or_none(read: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: read(text) if text else ""


def _truth(text: str) -> bool:
    answers = {"y": True, "yes": True, "n": False, "no": False}
    if text.lower() in answers:
        return answers[text.lower()]
    raise argparse.ArgumentTypeError("answer yes or no")


def _uri(text: str) -> str:
    if "://" in text:
        return text
    raise argparse.ArgumentTypeError(f'"{text}" is no URI such as {SOURCES["hf"]}')


def _label(text: str) -> str:
    if problem := dns_label(text):
        raise argparse.ArgumentTypeError(f'"{text}": {problem}')
    return text


def _name(text: str) -> str:
    if problem := dns_subdomain(text):
        raise argparse.ArgumentTypeError(f'"{text}": {problem}')
    return text


def _quantity(text: str) -> str:
    try:
        canonical(text)
    except QuantityError as problem:
        raise argparse.ArgumentTypeError(
            f'"{text}" is no size such as 20Gi: {problem}'
        ) from problem
    return text


def _gpus(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_GPUS:
        return int(text)
    raise argparse.ArgumentTypeError(f'"{text}" is no number from 1 to {MOST_GPUS}')


def _url(text: str) -> str:
    if URL.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f'"{text}" is no address such as http://prometheus:9090')
