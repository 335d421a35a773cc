"""The environment that the engine is started with: `engine_variables`, and what some runs add."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msvc_pulumi.engine.tools.plugins import Plugins

__all__ = [
    "CHECKPOINTED",
    "FORCE",
    "TAKE_OVER",
    "UNASKED",
    "UNCHECKED",
    "UPSERT",
    "engine_variables",
]

# More ModelServices than this in one stack make checkpoints of an update costly; they grow with its
# square: 100 took minutes with them.
CHECKPOINTED = 10
UNCHECKED = {"PULUMI_SKIP_CHECKPOINTS": "true"}
# The plugin is not asked whether what is declared as it is recorded differs all the same: as it was
# seen last, or as a run with `--refresh` sees it.
UNASKED = {"PULUMI_ENABLE_LEGACY_DIFF": "true"}
FORCE = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
UPSERT = "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"
# For a run in which there are objects of the stack's own that its state does not know. No field is
# forced: what has to be moved of those objects has been moved before it (`Adoptions`).
TAKE_OVER = {UPSERT: "true"}
BULK = {
    "PULUMI_K8S_CLIENT_QPS": "500",
    "PULUMI_K8S_CLIENT_BURST": "1000",
    "GOGC": "400",
}


def engine_variables(stated: Mapping[str, str], plugins: Plugins, services: int) -> dict[str, str]:
    """The environment of an engine for ``services`` ModelServices; what is ``stated`` stays."""
    defaults = {
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        # Else every new ConfigMap content is a deletion and a creation.
        "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true",
    }
    defaults |= BULK | (UNCHECKED if services > CHECKPOINTED else {})
    variables = {**defaults, **stated}
    variables["PATH"] = plugins.search_path(variables.get("PATH", os.defpath))
    if plugins.ours:
        variables["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "false"
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return variables
