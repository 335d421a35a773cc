"""`Reach`: what lies outside a ModelService's namespace and may be used for it all the same.

Whoever plans with rights of their own is stopped by the API server. Whoever plans with more rights
than the ModelService's owner has, as the operator does, has to ask this instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["ALLOWED_NAMESPACES", "ANY", "Reach", "allows"]

ALLOWED_NAMESPACES = "llm-d.ai/allowed-namespaces"
"""Annotation of a ConfigMap: the namespaces whose ModelServices may use it as their BaseConfig."""
ANY = "*"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a platform's owner allows to every ModelService; nothing unless it is stated.

    Names stand for themselves, `ANY` for all. ``base_configs`` are namespaces whose BaseConfigs may
    be used, ``objects`` namespaces in which objects may be made, ``trigger_authentications``
    ClusterTriggerAuthentications of KEDA. ``external_ips`` are those of Services.
    """

    base_configs: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    trigger_authentications: tuple[str, ...] = ()
    external_ips: bool = False

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Reach:
        """The reach that the property `stated` gives as plain data."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stated.items()
        }
        return cls(**values)

    @property
    def stated(self) -> dict[str, Any]:
        """The same as plain data."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def has_base_configs_of(self, namespace: str) -> bool:
        """Whether BaseConfigs of ``namespace`` are for everybody."""
        return _includes(self.base_configs, namespace)

    def has_objects_in(self, namespace: str) -> bool:
        return _includes(self.objects, namespace)

    def has_trigger_authentication(self, name: str) -> bool:
        return _includes(self.trigger_authentications, name)


def _includes(names: tuple[str, ...], name: str) -> bool:
    return ANY in names or name in names


def allows(config: Any, namespace: str) -> bool:
    """Whether a ConfigMap says of itself that ModelServices of ``namespace`` may use it."""
    return _includes(_allowed(config), namespace)


def _allowed(config: Any) -> tuple[str, ...]:
    """What the annotation `ALLOWED_NAMESPACES` of ``config`` names, separated by commas or blanks;
    nothing wherever the ConfigMap has not the shape to hold one.
    """
    value = config
    for step in ("metadata", "annotations", ALLOWED_NAMESPACES):
        value = value.get(step) if isinstance(value, Mapping) else None
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else ()
