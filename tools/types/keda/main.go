// keda prints, as JSON, the type table of KEDA's ScaledObject.
package main

import (
	"log"
	"os"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"

	"msvc-pulumi.dev/tools/types/table"
)

func main() {
	log.SetFlags(0)
	if err := table.Of(keda.ScaledObject{}).Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
}
