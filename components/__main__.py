"""Serve the components to every Pulumi language: ``pulumi package add <this folder>``.

The engine runs this folder as a program, hence the absolute imports.
"""

import sys
from importlib.metadata import version
from pathlib import Path

# The folder the engine runs would otherwise be searched first, under names that are not its own.
sys.path[:] = [entry for entry in sys.path if Path(entry) != Path(__file__).parent]

from pulumi.provider.experimental import component_provider_host  # noqa: E402

from msvc_pulumi.components import ModelService, ModelServiceOperator  # noqa: E402

if __name__ == "__main__":
    component_provider_host(
        name="llmd", components=[ModelService, ModelServiceOperator], version=version("msvc-pulumi")
    )
