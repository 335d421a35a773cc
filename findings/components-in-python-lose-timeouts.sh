#!/usr/bin/env bash
# Pulumi SDK for Python 3.272.0: a component that is written in Python never sees `customTimeouts` of a caller in
# another language.
#
#   A request with customTimeouts.create = "30m" gives ResourceOptions whose custom_timeouts is None; protect,
#   ignoreChanges and the others of the same request arrive.
#
# The host of Python components makes the timeouts of the request and assigns them to nothing. Where it matters:
# a component whose children take longer than the provider's default, used from TypeScript, Go or YAML; the
# engine, the program and the schema all accept the option, and nothing says that it is lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pulumi==3.272.0
venv/bin/python - <<'PYTHON'
import sys

from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2

request = provider_pb2.ConstructRequest(protect=True, ignoreChanges=["spec"])
request.customTimeouts.create = "30m"
options = ProviderServicer._construct_options(request)
print("protect:", options.protect)
print("ignore_changes:", options.ignore_changes)
print("custom_timeouts:", options.custom_timeouts)
sys.exit(options.custom_timeouts is not None)
PYTHON
