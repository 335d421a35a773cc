"""`review`: what the chosen policies find in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msvc_pulumi.artifacts import ModelArtifact, parse_artifact
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, FieldPath, Severity
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.policies.catalogue import POLICIES
from msvc_pulumi.policies.exemptions import ANNOTATIONS, exemptions, unknown_exemptions
from msvc_pulumi.policies.workload import KINDS, Workload
from msvc_pulumi.rules.finding import Finding
from msvc_pulumi.rules.places import placed

__all__ = ["Need", "Review", "review"]

URI = FieldPath.of("spec", "modelArtifacts", "uri")


@dataclass(frozen=True, slots=True)
class Need:
    """A Secret that an object refers to, and what is to be said where there is none."""

    namespace: str
    name: str
    missing: Diagnostic


@dataclass(slots=True)
class Review:
    """What was found, what a cluster has to be asked for, and which findings somebody waived."""

    found: list[Diagnostic] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    waived: list[str] = field(default_factory=list)


def review(
    plan: Plan, levels: Mapping[str, Severity], documents: Sequence[Document] = ()
) -> Review:
    """The findings of the policies in ``levels``, each as severe as that says.

    ``documents`` are the ModelService and its BaseConfig, whose annotations waive findings.
    """
    result = Review()
    for document in documents:
        for finding in unknown_exemptions(document.get(ANNOTATIONS)):
            result.found.append(_in_document(document, finding))
    for planned in plan:
        if planned.manifest["kind"] in KINDS:
            annotations = planned.manifest["metadata"].get("annotations")
            result.found += [placed(planned, one) for one in unknown_exemptions(annotations)]
            for name, severity in levels.items():
                _apply(planned, name, severity, documents, result)
    return result


def _apply(
    planned: PlannedObject,
    name: str,
    severity: Severity,
    documents: Sequence[Document],
    result: Review,
) -> None:
    policy = POLICIES[name]
    found = list(policy.check(Workload(planned.manifest, _model(planned))))
    metadata = planned.manifest["metadata"]
    stated = (metadata.get("annotations"), *(one.get(ANNOTATIONS) for one in documents))
    waivers = [one for annotations in stated for one in exemptions(annotations)]
    waiver = next((one for one in waivers if one.policy == name), None)
    if waiver is not None:
        if found:
            what = f"{planned.manifest['kind']} {metadata.get('name', '')}"
            result.waived.append(f"{name} of {what} ({waiver.reason or 'no reason stated'})")
        return
    for finding in found:
        if policy.needs_cluster:
            result.needs.append(_need(planned, finding, severity))
        else:
            result.found.append(replace(placed(planned, finding), severity=severity))


def _in_document(document: Document, finding: Finding) -> Diagnostic:
    path = finding.path
    span = document.span(path)
    return Diagnostic(
        finding.code, finding.summary, Severity.WARNING, path, span, help=finding.help
    )


def _need(planned: PlannedObject, finding: Finding, severity: Severity) -> Need:
    name = str(finding.path.find(planned.manifest))
    namespace = planned.manifest["metadata"].get("namespace") or ""
    where = f' in namespace "{namespace}"' if namespace else ""
    summary = f'there is no Secret "{name}"{where}: {finding.summary}'
    diagnostic = placed(planned, finding._replace(summary=summary))
    return Need(namespace, name, replace(diagnostic, severity=severity))


def _model(planned: PlannedObject) -> str:
    """The name of the model that the ModelService mounts: the last part of its place at least."""
    document = planned.child.overlay.document
    uri = document.get(URI) if document is not None else None
    artifact = parse_artifact(uri) if isinstance(uri, str) else None
    if not isinstance(artifact, ModelArtifact):
        return ""
    return artifact.hf_model_name or artifact.model_path
