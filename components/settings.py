"""`settings`: what a stack's configuration asks for, as the inputs and options of the pipeline."""

from pathlib import Path
from typing import Any, cast

import pulumi

from msvc_pulumi.components.arguments import INFERENCE_APIS
from msvc_pulumi.components.clusterinputs import cluster_capabilities, cluster_inputs
from msvc_pulumi.document.inputs import Inputs, load_inputs
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, LoadError, ModelServiceError
from msvc_pulumi.plan import PlanOptions
from msvc_pulumi.report import render
from msvc_pulumi.target.options import InferenceAPI

__all__ = ["settings"]


def settings(config: pulumi.Config, root: Path) -> tuple[Inputs, PlanOptions]:
    """The documents and options that ``config`` names; its relative paths start at ``root``.

    A list may mix paths with documents written into the configuration itself.

    Raises:
        pulumi.RunError: a setting is wrong or a document cannot be read; it says all there is.
    """
    try:
        return _inputs(config, root), _options(config)
    except ModelServiceError as error:
        raise pulumi.RunError(render(error.diagnostics).rstrip()) from error


def _inputs(config: pulumi.Config, root: Path) -> Inputs:
    source = config.get("source") or "files"
    if source == "cluster":
        return cluster_inputs(config.get("namespace") or "", _list(config, "modelServices"))
    if source != "files":
        raise _invalid("source", f'"{source}" is neither "files" nor "cluster"')
    services, base_configs = _list(config, "modelServices"), _list(config, "baseConfigs")
    if not services:
        raise _invalid("modelServices", "the stack's configuration names no ModelService")
    files = load_inputs(_paths(services), _paths(base_configs), root=root)
    return Inputs(
        (*files.model_services, *_documents("modelServices", services)),
        (*files.base_configs, *_documents("baseConfigs", base_configs)),
        files.diagnostics,
    )


def _options(config: pulumi.Config) -> PlanOptions:
    inference_api = config.get("inferenceApi") or "auto"
    if inference_api not in INFERENCE_APIS:
        raise _invalid("inferenceApi", f'"{inference_api}" is none of {", ".join(INFERENCE_APIS)}')
    return PlanOptions(
        namespace=config.get("namespace") or "",
        epp_cluster_role=config.get("eppClusterRole") or "",
        epp_pull_secrets=tuple(map(str, _list(config, "eppPullSecrets"))),
        pd_pull_secrets=tuple(map(str, _list(config, "pdPullSecrets"))),
        inference_api=cast("InferenceAPI", inference_api),
        capabilities=None if _elsewhere() else cluster_capabilities(),
    )


def _elsewhere() -> bool:
    """Whether the stack's configuration sends the Kubernetes plugin to a cluster of its own."""
    provider = pulumi.Config("kubernetes")
    return any(provider.get(key) for key in ("kubeconfig", "context", "cluster"))


def _list(config: pulumi.Config, key: str) -> list[Any]:
    """A setting as a list; a single path or document needs no list around it."""
    try:
        value = config.get_object(key)
    except pulumi.ConfigTypeError:  # `pulumi config set KEY PATH` stores a bare string
        value = config.get(key)
    return value if isinstance(value, list) else [] if value is None else [value]


def _paths(items: list[Any]) -> list[str]:
    return [item for item in items if isinstance(item, str)]


def _documents(key: str, items: list[Any]) -> list[Document]:
    diagnostics = Diagnostics()
    for index, item in enumerate(items):
        if not isinstance(item, str | dict):
            diagnostics.add(_wrong(key, "neither a path nor a document", index))
    diagnostics.raise_errors(LoadError)
    return [
        Document.of(item, f"modelservice:{key}[{index}]")
        for index, item in enumerate(items)
        if isinstance(item, dict)
    ]


def _invalid(key: str, summary: str) -> LoadError:
    return LoadError([_wrong(key, summary)])


def _wrong(key: str, summary: str, *index: int) -> Diagnostic:
    return Diagnostic(
        "invalid-setting",
        summary,
        field=FieldPath.of(f"modelservice:{key}", *index),
        help="Pulumi.yaml describes the settings",
    )
