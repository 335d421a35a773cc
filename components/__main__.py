"""Serve the components to every Pulumi language: ``pulumi package add <this folder>``.

The engine runs this folder as a program, hence the absolute imports.
"""

import sys
from importlib.metadata import version
from pathlib import Path

# The folder the engine runs would otherwise be searched first, under names that are not its own.
sys.path[:] = [entry for entry in sys.path if Path(entry) != Path(__file__).parent]

from pulumi.provider import main  # noqa: E402

from msvc_pulumi.components import ModelService, ModelServiceOperator  # noqa: E402
from msvc_pulumi.components.provider import Provider  # noqa: E402

if __name__ == "__main__":
    components = [ModelService, ModelServiceOperator]
    main(Provider(components, version("msvc-pulumi")), sys.argv[1:])
