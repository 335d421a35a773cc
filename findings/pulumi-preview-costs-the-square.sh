#!/usr/bin/env bash
# Pulumi 3.276.0: a preview on a self-managed backend takes processor time by the square of what it shows.
#
#   800 resources of 2 KB in a new stack: 21 s, and 3 s with PULUMI_SKIP_CHECKPOINTS=true, with which nothing is
#   lost, for a preview writes nothing. In 3.250.0 the two are the same.
#
# The preview keeps a snapshot for callers that want the state to come, by the manager that an update writes
# its checkpoints with: the whole state is serialised and verified for every resource, and then thrown away.
# Where it matters: `pulumi preview`, and the preview that `pulumi up` begins with, of stacks with hundreds of
# resources in a folder, S3 or Postgres.
#
# Builds the engine with Go: ten minutes on two cores unless Go's cache has it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0
cat > go.mod <<'MOD'
module finding
go 1.26.6
replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
require github.com/pulumi/pulumi/pkg/v3 v3.276.0
MOD
version=github.com/pulumi/pulumi/sdk/v3/go/common/version.Version
go build -trimpath -ldflags "-s -w -X $version=v3.276.0" -o bin/pulumi github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pulumi==3.272.0
cat > preview.py <<'PYTHON'
import os, resource, sys
import pulumi
from pulumi import automation

TEXT = {f"key-{number}": "v" * 40 for number in range(40)}


class Component(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("finding:index:Component", name, {"text": TEXT})
        self.register_outputs({"text": TEXT})


def program():
    for number in range(800):
        Component(f"component-{number}")


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


stack = automation.create_or_select_stack("dev", project_name="finding", program=program)
found = {}
for variable in ("false", "true"):
    stack.workspace.env_vars["PULUMI_SKIP_CHECKPOINTS"] = variable
    before = processor_seconds()
    stack.preview()
    found[variable] = processor_seconds() - before
    print(f"PULUMI_SKIP_CHECKPOINTS={variable}: {found[variable]:.1f} s of processor time")
sys.exit(found["false"] < 4 * found["true"])
PYTHON
mkdir state
PATH="$folder/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state" \
  PULUMI_CONFIG_PASSPHRASE=none PULUMI_SKIP_UPDATE_CHECK=true venv/bin/python preview.py
