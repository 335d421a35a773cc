// record: what the original's YAML library makes of a text.
module msvc-pulumi.dev/tests/record

go 1.24.0

require sigs.k8s.io/yaml v1.4.0
