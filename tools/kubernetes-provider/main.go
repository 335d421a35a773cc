// Pulumi's Kubernetes plugin, started as its own main package would do it. That one embeds files which its
// published module lacks; here they are read from beside the program.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, asset("schema.json"), asset("terraform-mapping.json"))
}

// asset is a file that was kept when the program was built, wherever that was started from.
func asset(name string) []byte {
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(program), "cmd/pulumi-resource-kubernetes", name))
	if err != nil {
		log.Fatal(err)
	}
	return text
}
