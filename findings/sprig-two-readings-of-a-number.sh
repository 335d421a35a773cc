#!/usr/bin/env bash
# sprig 3.3.0: `int` and `atoi` read one text as two numbers, and arithmetic takes decimals for 0.
#
#   {{ "08" | int }}  gives 0, {{ "08" | atoi }} gives 8     (a leading zero means octal to `int` only)
#   {{ "010" | int }} gives 8, {{ "010" | atoi }} gives 10
#   {{ add "3.7" 1 }} gives 1, {{ max "1.9" 1 }} gives 1     (text with a point counts as 0, without an error)
#   {{ duration 3661 }} gives 0s, {{ duration (int64 3661) }} gives 1h1m1s   (a literal's type is not listed)
#
# Where it matters: a BaseConfig that takes ports, sizes or replica counts out of names and texts.
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
		`{{ "08" | int }} {{ "08" | atoi }}`,
		`{{ "010" | int }} {{ "010" | atoi }}`,
		`{{ add "3.7" 1 }} {{ max "1.9" 1 }}`,
		`{{ duration 3661 }} {{ duration (int64 3661) }} {{ duration "3661" }}`,
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
0 8
8 10
1 1
0s 1h1m1s 1h1m1s
SEEN
echo "sprig v3.3.0: int and atoi differ on leading zeros, decimals in text count as 0, duration of a literal is 0s"
