#!/usr/bin/env bash
# sprig 3.3.0 (xstrings 1.5.0): the changes of case cut names of models and GPUs where nobody would, and
# leave out or add separators.
#
#   {{ kebabcase "llama-3.1-8B" }} gives llama-3.1-8-b   (a capital after a digit is a word)
#   {{ kebabcase "A100" }}         gives a100, of H100x8 it gives h-100x8, of L40S l40-s
#   {{ camelcase "a__b" }}         gives A_B             (of separators in a row the last goes)
#   {{ camelcase "_" }}            gives __              (a text of nothing else ends twice)
#   {{ regexReplaceAll "(\\d+)" "gpu8" "$1x" }} gives gpu: `$1x` is the group named 1x, which is empty
#
# Where it matters: a BaseConfig that makes labels or names of objects from the model's name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$folder/modules" GOWORK=off
cat > go.mod <<'MOD'
module finding
go 1.24
require github.com/Masterminds/sprig/v3 v3.3.0
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

func main() {
	for _, text := range []string{
		`{{ kebabcase "llama-3.1-8B" }}`,
		`{{ kebabcase "A100" }} {{ kebabcase "H100x8" }} {{ kebabcase "L40S" }}`,
		`{{ camelcase "a__b" }} {{ camelcase "_" }}`,
		`{{ regexReplaceAll "(\\d+)" "gpu8" "$1x" }} {{ regexReplaceAll "(\\d+)" "gpu8" "${1}x" }}`,
	} {
		parsed := template.Must(template.New("").Funcs(sprig.TxtFuncMap()).Parse(text))
		if err := parsed.Execute(os.Stdout, nil); err != nil {
			panic(err)
		}
		fmt.Println()
	}
}
GO
go run . > seen 2> log || { cat log >&2; exit 1; }
diff - seen <<'SEEN'
llama-3.1-8-b
a100 h-100x8 l40-s
A_B __
gpu gpu8x
SEEN
echo "sprig v3.3.0: kebabcase splits 8B and H100x8 but not A100, camelcase adds to separators, \$1x is no group"
