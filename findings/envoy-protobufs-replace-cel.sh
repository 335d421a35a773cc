#!/usr/bin/env bash
# xds-protos 1.85.0 and common-expression-language 0.10.0: the one installed last wins, and nobody says so.
#
# Both bring a top-level package `cel`. xds-protos, Envoy's protobufs for gRPC, has an empty
# `cel/__init__.py` above its `cel.expr` messages; the library that evaluates rules of the Common
# Expression Language has its functions there. pip installs both, in whichever order, without a word.
#
# Where it matters: `import cel` succeeds and `cel.compile` is gone, as soon as something in the same
# environment talks to Envoy. So a gateway's test tools and a validator of CRDs need two environments.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
install() { env/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }
look() { env/bin/python -c 'import cel; print(hasattr(cel, "compile"))'; }
{
  install common-expression-language==0.10.0
  echo "alone: $(look)"
  install xds-protos==1.85.0
  echo "with xds-protos: $(look)"
  env/bin/python -m pip check --disable-pip-version-check
} > seen
diff - seen <<'SEEN'
alone: True
with xds-protos: False
No broken requirements found.
SEEN
echo "xds-protos 1.85.0 empties the package of common-expression-language 0.10.0"
