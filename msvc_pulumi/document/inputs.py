"""Which documents a run works on: files, folders and globs to ModelServices and BaseConfigs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from glob import glob, has_magic
from os.path import exists, isdir
from pathlib import Path
from typing import Any, NamedTuple

from msvc_pulumi.document.source import Document, Source, parse, read_source
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, LoadError, Severity
from msvc_pulumi.nearest import nearest

__all__ = ["Inputs", "base_config_for", "expand", "load_inputs"]

SUFFIXES = (".yaml", ".yml", ".json")
OBJECT = ("apiVersion", "metadata", "spec", "data")
REFERENCE = FieldPath.of("spec", "baseConfigMapRef")


class Inputs(NamedTuple):
    """The documents of a run, in the order they were named, with the warnings of reading them."""

    model_services: tuple[Document, ...]
    base_configs: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def expand(name: str, *, root: Path | None = None) -> list[str]:
    """The files that ``name`` stands for, sorted: a file, ``-``, a folder's YAML files, or a glob.

    Relative names start at ``root``. A file that does not exist is returned as it is, so that
    reading it says what is wrong.

    Raises:
        LoadError: a folder or glob has no YAML file.
    """
    if name == "-":
        return [name]
    path = name if root is None else str(root / name)
    if isdir(path):  # false as well for what can name no file
        found = [str(file) for file in Path(path).iterdir() if file.suffix in SUFFIXES]
    elif has_magic(path) and not exists(path):
        found = [file for file in glob(path, recursive=True) if Path(file).is_file()]
    else:
        return [path]
    if not found:
        raise LoadError(
            [
                Diagnostic(
                    "no-files",
                    f'"{name}" has no YAML file in it',
                    help=f"files end in {', '.join(SUFFIXES)}",
                )
            ]
        )
    return sorted(found)


def load_inputs(
    model_services: Sequence[str], base_configs: Sequence[str] = (), *, root: Path | None = None
) -> Inputs:
    """The documents in the named files.

    Lists are unpacked. Where ModelServices and ConfigMaps stand together in a folder, a glob or one
    file, each is taken for what it is, and the rest is skipped; a document that is alone in a file
    named on its own is taken for what it was named as.

    Raises:
        LoadError: a file cannot be read, is not YAML, or a file for a ModelService is empty.
    """
    diagnostics = Diagnostics()
    services: list[Document] = []
    configs: list[Document] = []
    for name in model_services:
        documents, alone = _read_all(name, root, diagnostics)
        if alone and not documents and not diagnostics.errors:
            diagnostics.add(_empty(name))
        chosen, rest = _of_kind("ModelService", documents, alone=alone)
        services.extend(chosen)
        configs.extend(document for document in rest if _kind(document) == "ConfigMap")
        diagnostics.extend(_ignored([d for d in rest if _kind(d) != "ConfigMap"], alone=alone))
    for name in base_configs:
        if name in model_services:
            continue  # read already, its ConfigMaps too
        documents, alone = _read_all(name, root, diagnostics)
        chosen, rest = _of_kind("ConfigMap", documents, alone=alone)
        diagnostics.extend(_ignored(rest, alone=alone, wanted="no BaseConfig"))
        first = chosen[:1] if alone else []
        chosen = [document for document in chosen if document in first or _name(document)]
        if not chosen and not alone and not diagnostics.errors:
            diagnostics.error(
                "no-base-config",
                f'"{name}" has no BaseConfig in it',
                help="a BaseConfig is a ConfigMap; name its file",
            )
        configs.extend(chosen)
    diagnostics.raise_errors(LoadError)
    return Inputs(tuple(services), tuple(configs), tuple(diagnostics))


def base_config_for(
    model_service: Document, base_configs: Sequence[Document], diagnostics: Diagnostics
) -> Document | None:
    """The BaseConfig of ``model_service``: the one it names, or the only one there is.

    A lone BaseConfig of another name is used with a warning, as the original's ``generate -b``
    did silently. Several of which none is named are an error ``base-config-not-found``.
    """
    reference = _reference(model_service)
    name = reference.get("name")
    wanted = [d for d in base_configs if name and _is_named(d, name, _namespace(model_service))]
    if wanted:
        return wanted[0]
    at = REFERENCE.child("name") if name else REFERENCE
    if len(base_configs) == 1:
        only = base_configs[0]
        if name and _name(only) not in (None, name):
            diagnostics.warning(
                "base-config-mismatch",
                f'the ModelService refers to BaseConfig "{name}", used is "{_name(only)}"',
                field=at,
                span=model_service.span(at),
            )
        return only
    if not base_configs and not name:
        return None
    names = sorted({n for d in base_configs if (n := _name(d))})
    close = nearest(str(name), names) if name else None
    diagnostics.add(
        Diagnostic(
            "base-config-not-found",
            f'BaseConfig "{name}" is not among the inputs'
            if name
            else "there are several BaseConfigs and the ModelService names none",
            Severity.ERROR if base_configs else Severity.WARNING,
            field=REFERENCE,
            span=model_service.span(at),
            help=f"did you mean {close}?"
            if close
            else f"given: {', '.join(names)}"
            if names
            else "give its file with -b; without it only the ModelService itself is used",
        )
    )
    return None


def _read(file: str, diagnostics: Diagnostics) -> list[Document]:
    try:
        source: Source = read_source(file)
    except LoadError as error:
        diagnostics.extend(error.diagnostics)
        return []
    return parse(source, diagnostics=diagnostics)


def _read_all(
    name: str, root: Path | None, diagnostics: Diagnostics
) -> tuple[list[Document], bool]:
    """All documents that ``name`` stands for, and whether it names one file."""
    files = expand(name, root=root)
    alone = files == [name if root is None or name == "-" else str(root / name)]
    read = [document for file in files for document in _read(file, diagnostics)]
    return [one for document in read for one in document.unpacked()], alone


def _of_kind(
    kind: str, documents: Sequence[Document], *, alone: bool
) -> tuple[list[Document], list[Document]]:
    """The documents of ``kind``, and the rest without those that are empty.

    Of a file that is named on its own and has none of it, the first one is meant: what is wrong
    with it is said when it is read. So it is where the first one states no kind.
    """
    chosen = {number for number, document in enumerate(documents) if _kind(document) == kind}
    if alone and documents and (not chosen or _states_no_kind(documents[0])):
        chosen.add(0)
    rest = [d for number, d in enumerate(documents) if number not in chosen]
    return [documents[number] for number in sorted(chosen)], [
        d for d in rest if d.value is not None
    ]


def _kind(document: Document) -> Any:
    return document.value.get("kind") if isinstance(document.value, dict) else None


def _mapping(value: Any, steps: Iterable[str]) -> dict[str, Any]:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _reference(document: Document) -> dict[str, Any]:
    return _mapping(document.value, ("spec", "baseConfigMapRef"))


def _name(document: Document) -> str | None:
    name = _mapping(document.value, ("metadata",)).get("name")
    return None if name is None else str(name)


def _namespace(document: Document) -> str:
    """The namespace the reference names, else the ModelService's own; "" if neither is stated."""
    own = _mapping(document.value, ("metadata",)).get("namespace")
    return str(_reference(document).get("namespace") or own or "")


def _is_named(document: Document, name: str, namespace: str) -> bool:
    own = _mapping(document.value, ("metadata",)).get("namespace")
    return _name(document) == name and (not own or not namespace or own == namespace)


def _empty(name: str) -> Diagnostic:
    return Diagnostic(
        "empty-file", f'"{name}" holds no document', help="write a ModelService into it"
    )


def _states_no_kind(document: Document) -> bool:
    """Whether its author forgot the kind; a header or notes of a program are something else."""
    value = document.value
    return isinstance(value, dict) and not _kind(document) and not value.keys().isdisjoint(OBJECT)


def _ignored(
    documents: Sequence[Document],
    *,
    alone: bool,
    wanted: str = "neither a ModelService nor a BaseConfig",
) -> Iterator[Diagnostic]:
    """One warning for all ``documents`` of a file that was named on its own."""
    if not documents or not alone:
        return
    kinds = ", ".join(sorted({str(_kind(document) or "no kind") for document in documents}))
    one = len(documents) == 1
    yield Diagnostic(
        "ignored-document",
        f"{'a document is' if one else f'{len(documents)} documents are'} {wanted} and "
        f"{'is' if one else 'are'} ignored: {kinds}",
        Severity.WARNING,
        span=documents[0].span(FieldPath()),
    )
