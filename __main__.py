"""The stack program: declares the ModelServices that the stack's configuration names.

Pulumi.yaml describes the settings. Another program can do the same with
``from msvc_pulumi.components import ModelService``.
"""

from pathlib import Path

import pulumi

from msvc_pulumi.components import declare, export
from msvc_pulumi.components.settings import settings

inputs, options = settings(pulumi.Config("modelservice"), root=Path.cwd())
services = declare(inputs, options)

export(services)
