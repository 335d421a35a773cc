// original prints the type table of the modules the original controller was built with.
//
//	original              the table, as JSON
//	original roundtrip    reads {"type", "yaml"} per line, prints them with "json" or "error": Go's answer
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"reflect"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	inference "sigs.k8s.io/gateway-api-inference-extension/api/v1alpha2"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"msvc-pulumi.dev/tools/types/table"
)

var roots = []any{
	apps.Deployment{},
	core.Affinity{},
	core.ConfigMap{},
	core.Container{},
	core.EnvFromSource{},
	core.EnvVar{},
	core.LocalObjectReference{},
	core.ObjectReference{},
	core.PodSpec{},
	core.PodTemplateSpec{},
	core.ResourceRequirements{},
	core.Service{},
	core.ServiceAccount{},
	core.Toleration{},
	gateway.HTTPRoute{},
	gateway.ParentReference{},
	inference.InferenceModel{},
	inference.InferencePool{},
	rbac.RoleBinding{},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && os.Args[1] == "roundtrip" {
		roundtrip()
		return
	}
	if err := table.Of(roots...).Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func roundtrip() {
	types := map[string]reflect.Type{"quantity": reflect.TypeFor[resource.Quantity]()}
	for _, root := range roots {
		types[table.Name(reflect.TypeOf(root))] = reflect.TypeOf(root)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var question struct{ Type, YAML string }
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			log.Fatal(err)
		}
		value := reflect.New(types[question.Type]).Interface()
		answer := map[string]any{"type": question.Type, "yaml": question.YAML}
		if err := yaml.Unmarshal([]byte(question.YAML), value); err != nil {
			answer["error"] = err.Error()
		} else if text, err := json.Marshal(value); err != nil {
			answer["error"] = err.Error()
		} else {
			answer["json"] = json.RawMessage(text)
		}
		if err := out.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
