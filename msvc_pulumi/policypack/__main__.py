"""The policy pack: ``pulumi up --policy-pack <this folder>``.

The engine runs this folder as a program, hence the absolute imports.
"""

import sys
from pathlib import Path

# The folder the engine runs would otherwise be searched first, under names that are not its own.
sys.path[:] = [entry for entry in sys.path if Path(entry) != Path(__file__).parent]

try:
    from pulumi_policy import PolicyPack
except ImportError:
    sys.exit("the policy pack needs Pulumi's SDK for policies: pip install pulumi-policy")

from msvc_pulumi.policypack import resource_policies  # noqa: E402

if __name__ == "__main__":
    PolicyPack("llm-d-model-services", resource_policies())
