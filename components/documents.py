"""`documents_of`: the ModelService and the BaseConfig that a component's arguments state."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msvc_pulumi.document.inputs import Inputs, base_config_for, load_inputs
from msvc_pulumi.document.plainvalues import plain_value
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, LoadError, SpecError

__all__ = ["documents_of", "is_document"]

SERVICE, BASE = "model_service", "base_config"
CONFIG_MAP = {"apiVersion", "kind", "metadata", "data", "binaryData", "immutable"}


def is_document(value: Any) -> bool:
    """Whether ``value`` is a mapping or names a file."""
    if isinstance(value, str):
        return value not in ("", "-") and "\0" not in value
    return isinstance(value, Mapping | os.PathLike)


def documents_of(
    service: Any, base_config: Any, diagnostics: Diagnostics
) -> tuple[Document, Document | None]:
    """The document of each; warnings go to ``diagnostics``.

    A mapping is the document, a text or path names its file. The ``data`` of a BaseConfig may stand
    for all of it. Without ``base_config`` one beside the ModelService in its file is taken.

    Raises:
        LoadError: a file cannot be read, or has more or less than one ModelService in it.
        SpecError: a mapping holds what no document can hold, or is another document.
    """
    files = _files([service], [base_config])
    diagnostics.extend(files.diagnostics)
    found = [_mapping(service, SERVICE)] if isinstance(service, Mapping) else files.model_services
    if len(found) != 1:
        raise LoadError(
            [
                Diagnostic(
                    "invalid-argument",
                    f"the file has {len(found)} ModelServices in it; a component is one of them",
                    field=FieldPath.of(SERVICE),
                    help="name a file that has one; declare() makes a component for each",
                )
            ]
        )
    if isinstance(base_config, Mapping):
        _check_kind(base_config)
        return found[0], _mapping(_config_map(base_config), BASE)
    notes = Diagnostics()
    chosen = base_config_for(found[0], files.base_configs, notes)
    remedy = "state a BaseConfig, too; without it only the ModelService itself is used"
    diagnostics.extend(
        replace(item, help=remedy)
        if item.code == "base-config-not-found" and not files.base_configs
        else item
        for item in notes
    )
    diagnostics.raise_errors(LoadError)
    return found[0], chosen


def _files(services: Sequence[Any], base_configs: Sequence[Any]) -> Inputs:
    names = [
        [os.fsdecode(item) for item in items if isinstance(item, str | os.PathLike)]
        for items in (services, base_configs)
    ]
    for key, (name, *_) in ((SERVICE, names[0] or [""]), (BASE, names[1] or [""])):
        if "\n" in name:
            raise LoadError(
                [
                    Diagnostic(
                        "invalid-argument",
                        "is text of several lines, and not the path of a file",
                        field=FieldPath.of(key),
                        help="for a document's text: yaml.safe_load(text)",
                    )
                ]
            )
    return load_inputs(names[0], names[1])


def _config_map(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """``value``, or the ConfigMap whose data it is: then none of a ConfigMap's keys is in it."""
    return value if not value or CONFIG_MAP & value.keys() else {"data": value}


def _check_kind(value: Mapping[str, Any]) -> None:
    """Raises SpecError if it is another document, such as the ModelService."""
    kind = value.get("kind")
    if kind is not None and kind != "ConfigMap":
        problem = Diagnostic(
            "invalid-argument",
            f'is no ConfigMap: its kind is "{kind}"',
            field=FieldPath.of(BASE),
            help="hand over the BaseConfig, or its data alone",
        )
        raise SpecError([problem])


def _mapping(value: Mapping[str, Any], name: str) -> Document:
    found = Diagnostics()
    document = Document.of(plain_value(value, found), name)
    found.located(document.span)
    found.raise_errors(SpecError)
    return document
