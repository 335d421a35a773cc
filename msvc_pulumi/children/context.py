"""Everything the builders of one ModelService's children share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi import naming
from msvc_pulumi.api.v1alpha1 import ModelService, PDSpec
from msvc_pulumi.artifacts import ModelArtifact
from msvc_pulumi.children.child import Base, Child, Overlay, Owner, build_child
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostics, FieldPath
from msvc_pulumi.interpolation.baseconfig import BaseConfig
from msvc_pulumi.merge.strategies import Rules
from msvc_pulumi.naming import ChildNames, Role
from msvc_pulumi.target.kinds import Kind
from msvc_pulumi.target.options import PlanOptions

__all__ = ["BuildContext"]

Stated = Mapping[FieldPath, FieldPath | None]


@dataclass(frozen=True, slots=True)
class BuildContext:
    """An interpolated ModelService, its BaseConfig and the names both resolve to.

    ``containers`` holds the rendered container lists by their path in the ModelService.
    """

    model_service: ModelService
    document: Document
    base_config: BaseConfig
    containers: Mapping[FieldPath, list[dict[str, Any]]]
    names: ChildNames
    artifact: ModelArtifact
    options: PlanOptions
    diagnostics: Diagnostics

    @property
    def namespace(self) -> str:
        return self.model_service.namespace

    @property
    def model_name(self) -> str:
        return self.model_service.spec.routing.model_name

    def role(self, role: Role) -> PDSpec | None:
        """The role's section in the ModelService."""
        return self.model_service.spec.role(role)

    def serves(self, role: Role) -> bool:
        """Whether the role has a workload.

        A BaseConfig alone is enough (quirk Q02), unless it says otherwise by annotation.
        """
        if self.role(role) is not None:
            return True
        return not self.base_config.stated_roles_only and any(
            f"{role}{kind}" in self.base_config for kind in ("Deployment", "LeaderWorkerSet")
        )

    def is_multi_node(self, role: Role) -> bool:
        """Whether the role's workload is a LeaderWorkerSet.

        The ModelService decides by ``multiNode``; a BaseConfig does where it has a LeaderWorkerSet
        for the role and no Deployment.
        """
        section = self.role(role)
        if section is not None and section.multi_node is not None:
            return True
        base = self.base_config
        return f"{role}LeaderWorkerSet" in base and f"{role}Deployment" not in base

    @property
    def has_endpoint_picker(self) -> bool:
        return "eppDeployment" in self.base_config

    def metadata(self, name: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Name, labels and, where the ModelService has one, namespace."""
        metadata: dict[str, Any] = {"name": name}
        if self.namespace:
            metadata["namespace"] = self.namespace
        if labels:
            metadata["labels"] = dict(labels)
        return metadata

    def pod_labels(self, role: Role) -> dict[str, str]:
        return naming.pod_labels(self.model_name, role)

    @property
    def owner(self) -> Owner:
        uid = self.options.owner_uid or self.model_service.metadata.uid
        return Owner(self.model_service.name, self.namespace, uid)

    def child(
        self, key: str, value: dict[str, Any], rules: Rules, stated: Stated | None = None
    ) -> Child:
        """The child ``key``: ``value`` merged onto the BaseConfig's section of that name."""
        return self.child_on(self.base_config.get(key), key, value, rules, stated)

    def child_on(
        self,
        base: Base | None,
        key: str,
        value: dict[str, Any],
        rules: Rules,
        stated: Stated | None = None,
        *,
        kind: Kind | None = None,
    ) -> Child:
        """The child ``key``: ``value`` merged onto ``base``."""
        overlay = Overlay(value, self.document, stated or {})
        return build_child(
            key, base, overlay, rules, owner=self.owner, diagnostics=self.diagnostics, kind=kind
        )

    def generated(self, key: str, value: dict[str, Any], kind: Kind | None = None) -> Child:
        """The child ``key`` made of ``value`` alone; a BaseConfig section so named is ignored."""
        return self.child_on(None, key, value, Rules(), kind=kind)

    def service_account(self, key: str, name: str, pull_secrets: Sequence[str]) -> Child:
        """A ServiceAccount with the image pull secrets of the command line, in order."""
        value: dict[str, Any] = {"metadata": self.metadata(name)}
        if pull_secrets:
            value["imagePullSecrets"] = [{"name": secret} for secret in pull_secrets]
        return self.generated(key, value)
