"""`Stacks`: what is asked of the Stacks in the cluster, with what each needs around it."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.baseconfigs import unavailable
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND, Reference, base_config_of
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.access import Access
from msvc_pulumi.operator.pko.mirror import Mirror
from msvc_pulumi.operator.pko.names import REQUEST, STACK, Names, key_of_stack
from msvc_pulumi.operator.pko.request import next_request
from msvc_pulumi.operator.pko.settings import WorkspaceSettings
from msvc_pulumi.operator.pko.stackobject import stack_object

__all__ = ["Stacks"]

logger = logging.getLogger(__name__)

Object = dict[str, Any]

NAMESPACE_TERMINATING = "NamespaceTerminating"  # core/v1, a cause of a refusal


class Stacks:
    """Writes Stacks; what there is of them is known to ``mirror``. Thread-safe.

    Every method raises ClusterError.
    """

    def __init__(self, cluster: Cluster, settings: WorkspaceSettings, mirror: Mirror) -> None:
        self._cluster, self._settings, self._mirror = cluster, settings, mirror
        self._space = settings.namespace
        self._access = Access(cluster, settings)
        self._of_namespace: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def ask(self, key: Key, plan_hash: str, stack: Object | None, *, refresh: bool) -> None:
        """A run of the plan with that hash.

        Raises ModelServiceError: its BaseConfig is not for it, or the Stack is somebody else's.
        """
        service = self._cluster.get(API_VERSION, KIND, key.name, key.namespace)
        if service is None:
            raise ModelServiceError([_gone(key)])
        uid = service["metadata"]["uid"]
        request = next_request(stack, plan_hash)
        manifest = stack_object(key, uid, request, self._settings, refresh=refresh)
        with self._of_namespace[key.namespace]:
            if stack is None:
                self._refuse_foreign(manifest)
            self._access.grant(key, self._base_config(service))
            self._mirror.see(self._cluster.apply(manifest, force=True))
        logger.info("asked for an update", extra={"modelservice": str(key), "request": request})

    def ask_again(self, key: Key) -> None:
        """The same request once more; Pulumi's operator takes a new value for a new request."""
        stack = self._mirror.get(key)
        if stack is None:
            return
        request = stack["metadata"]["annotations"].get(REQUEST, "")
        body = {"metadata": {"annotations": {REQUEST: next_request(stack, request.split(".")[0])}}}
        patched = self._cluster.patch(*STACK, stack["metadata"]["name"], self._space, body=body)
        self._mirror.see(patched)

    def forget_update(self, stack: Mapping[str, Any]) -> None:
        """The update that its status names, and that is not there, is none any more."""
        name, body = stack["metadata"]["name"], {"status": {"currentUpdate": None}}
        self._cluster.patch(*STACK, name, self._space, body=body, subresource="status")

    def grant(self, key: Key) -> None:
        """Its workspace has what it needs, again. Raises ModelServiceError as `ask` does."""
        service = self._cluster.get(API_VERSION, KIND, key.name, key.namespace)
        with self._of_namespace[key.namespace]:
            self._access.grant(key, self._base_config(service) if service else None)

    def hide(self, key: Key) -> None:
        """Its workspace may not read its BaseConfig any more."""
        with self._of_namespace[key.namespace]:
            self._access.hide(key)

    def restart(self, key: Key) -> None:
        """Its workspace begins with a new pod."""
        self._cluster.delete("v1", "Pod", Names(key).pod, self._space)

    def prepare_end(self, key: Key) -> None:
        """Its workspace may delete what it made; or it need not, because all of it goes with its
        namespace, where nobody is given a right any more."""
        try:
            with self._of_namespace[key.namespace]:
                self._access.grant(key, None)
        except ClusterError as error:
            if NAMESPACE_TERMINATING not in error.causes:
                raise
            self.release(key)

    def release(self, key: Key) -> None:
        """The Stack goes without deleting what it made, once it is deleted."""
        body = {"spec": {"destroyOnFinalize": False}}
        try:
            self._cluster.patch(*STACK, Names(key).stack, self._space, body=body)
        except ClusterError as error:
            if error.reason != "NotFound":
                raise

    def delete(self, stack: Object) -> None:
        """The Stack goes, with what it made unless it is released."""
        self._cluster.delete(*STACK, stack["metadata"]["name"], self._space)

    def clear_away(self, key: Key) -> None:
        """The Stack is gone, and so is what was around it."""
        with self._of_namespace[key.namespace]:
            self._access.revoke(key, last=not self._others(key))

    def _base_config(self, service: Object) -> Reference | None:
        """What the workspace has to read; it may have changed since this was planned.

        Raises ModelServiceError: it is not for this ModelService to use.
        """
        reference, namespace = base_config_of(service), service["metadata"]["namespace"]
        if reference is None or reference.namespace == namespace:
            return reference
        found = self._cluster.get("v1", "ConfigMap", reference.name, reference.namespace)
        problem = unavailable(reference, found, namespace, self._settings.plan.reach)
        if problem is not None:
            raise ModelServiceError([problem])
        return reference

    def _others(self, key: Key) -> list[Key]:
        return [other for other in self._mirror.known(key.namespace) if other != key]

    def _refuse_foreign(self, manifest: Object) -> None:
        metadata = manifest["metadata"]
        found = self._cluster.get(*STACK, metadata["name"], metadata["namespace"])
        if found is None:
            return
        if key_of_stack(found) != key_of_stack(manifest):
            taken = Diagnostic(
                "stack-taken",
                f"there is a Stack {metadata['name']} that this operator did not make",
                help="rename or remove it",
            )
            raise ModelServiceError([taken])


def _gone(key: Key) -> Diagnostic:
    """The ModelService went between two looks."""
    return Diagnostic("model-service-not-found", f"{key} is gone")
