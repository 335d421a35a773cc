#!/usr/bin/env bash
# sigs.k8s.io/yaml 1.6.0: a number where text is wanted is turned into text with 7 digits, and not at all
# below an inlined struct.
#
#   data: {build: 20261129.5}  read as map[string]string gives "2.026113e+07": floats go through 32 bits
#   own: [8000]                read as []string gives ["8000"]
#   args: [8000]               read as []string of an inlined struct is an error
#
# Every Go program that reads its custom resources from files with this library behaves so; the API
# server itself refuses the numbers. Where it matters: `env` values, ConfigMap data, container args.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$folder/modules" GOWORK=off
cat > go.mod <<'MOD'
module finding
go 1.24
require sigs.k8s.io/yaml v1.6.0
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

type Container struct {
	Args []string `json:"args"`
}

type Wrapper struct {
	Container `json:",inline"`
	Own       []string  `json:"own"`
	Named     Container `json:"named"`
}

func main() {
	for _, text := range []string{"20261129.5", "16777217.0", "16777217"} {
		values := map[string]string{}
		fmt.Println(text, yaml.Unmarshal([]byte("build: "+text), &values), values["build"])
	}
	for _, text := range []string{"own: [8000]", "named: {args: [8000]}", "args: [8000]"} {
		fmt.Println(text, yaml.Unmarshal([]byte(text), &Wrapper{}) == nil)
	}
}
GO
go run . > seen 2> log || { cat log >&2; exit 1; }
diff - seen <<'SEEN'
20261129.5 <nil> 2.026113e+07
16777217.0 <nil> 1.6777216e+07
16777217 <nil> 16777217
own: [8000] true
named: {args: [8000]} true
args: [8000] false
SEEN
echo "sigs.k8s.io/yaml v1.6.0: floats become text through 32 bits; numbers below inlined structs stay numbers"
