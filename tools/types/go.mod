// types: what encoding/json knows about a Go type, as data. No dependencies: the pins live in original/ and current/.
module msvc-pulumi.dev/tools/types

go 1.24.0
