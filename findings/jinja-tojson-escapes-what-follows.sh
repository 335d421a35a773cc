#!/usr/bin/env bash
# Jinja2 3.1.6 without autoescape: `tojson` gives text marked as HTML, so what is joined to it is escaped.
#
#   {{ x | tojson }}            prints JSON, with <, >, & and ' as \u003c …
#   {{ (x | tojson) + "<" }}    prints &lt; behind it, although autoescape is off
#   {{ (x | tojson) ~ "<" }}    prints < behind it, and so does {{ x | tojson }}<
#
# Where it matters: Kubernetes manifests made with Jinja, where `tojson` is how a value is quoted for YAML.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jinja2==3.1.6 markupsafe==3.0.3
cat > "$folder/show.py" <<'PYTHON'
from jinja2 import Environment

for text in ('{{ "a" | tojson }}<', '{{ ("a" | tojson) + "<" }}', '{{ ("a" | tojson) ~ "<" }}'):
    print(Environment(autoescape=False).from_string(text).render())
PYTHON
"$folder/venv/bin/python" "$folder/show.py" > "$folder/seen"
diff - "$folder/seen" <<'SEEN'
"a"<
"a"&lt;
"a"<
SEEN
echo "Jinja2 3.1.6: without autoescape, + escapes what it joins to the result of tojson, ~ does not"
