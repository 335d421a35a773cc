"""The program that the Pulumi Kubernetes Operator's workspaces run (docs/decisions/0010-…)."""

import os

from msvc_pulumi.components.workspace import declare_workspace

declare_workspace(os.environ)
