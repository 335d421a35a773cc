// Package table describes Go struct types the way encoding/json sees them.
//
// A table maps a type name ("apps/v1.DeploymentSpec") to its JSON fields, and each field to an expression:
//
//	[]core/v1.Container,omitempty          a list of structs
//	*int32:v1.PortNumber                   a pointer to a named number
//	{}quantity,omitempty                   a map
//	string,omitempty,in=ObjectReference    promoted from an embedded struct
//	{}quantity,go=v1.ResourceList          a named map
//
// Types with their own JSON methods have a kind of their own; one that is not known here is a panic, so that
// a new dependency can never be described wrongly.
package table

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Table maps type names to JSON field names to field expressions.
type Table map[string]map[string]string

// packages gives each Go package the prefix its types carry in the table.
var packages = map[string]string{
	"github.com/kedacore/keda/v2/apis/keda/v1alpha1":            "keda.sh/v1alpha1",
	"k8s.io/api/apps/v1":                                        "apps/v1",
	"k8s.io/api/autoscaling/v2":                                 "autoscaling/v2",
	"k8s.io/api/core/v1":                                        "core/v1",
	"k8s.io/api/policy/v1":                                      "policy/v1",
	"k8s.io/api/rbac/v1":                                        "rbac.authorization.k8s.io/v1",
	"k8s.io/apimachinery/pkg/apis/meta/v1":                      "meta/v1",
	"sigs.k8s.io/gateway-api-inference-extension/api/v1":        "inference.networking.k8s.io/v1",
	"sigs.k8s.io/gateway-api-inference-extension/api/v1alpha2":  "inference.networking.x-k8s.io/v1alpha2",
	"sigs.k8s.io/gateway-api-inference-extension/apix/v1alpha2": "inference.networking.x-k8s.io/v1alpha2",
	"sigs.k8s.io/gateway-api/apis/v1":                           "gateway.networking.k8s.io/v1",
	"sigs.k8s.io/lws/api/leaderworkerset/v1":                    "leaderworkerset.x-k8s.io/v1",
}

// special names the types that read and write JSON by methods of their own.
var special = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "quantity",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":   "any",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "time",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":    "any",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "intOrString",
}

// renamed keeps two types apart that share group, version and name but come from different releases.
var renamed = map[string]string{
	"sigs.k8s.io/gateway-api-inference-extension/apix/v1alpha2.TargetModel": "RewriteTargetModel",
}

var codecs = []reflect.Type{
	reflect.TypeFor[json.Marshaler](),
	reflect.TypeFor[json.Unmarshaler](),
	reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[encoding.TextUnmarshaler](),
}

// Of returns the table of the roots and of every struct they reach.
func Of(roots ...any) Table {
	table := Table{}
	for _, root := range roots {
		table.expression(reflect.TypeOf(root))
	}
	return table
}

// Write prints the table as JSON with sorted keys.
func (table Table) Write(out io.Writer) error {
	return json.NewEncoder(out).Encode(table)
}

// Name is the name a struct type has in the table.
func Name(t reflect.Type) string {
	prefix, known := packages[t.PkgPath()]
	if !known {
		panic(fmt.Sprintf("no prefix for package %q of %s", t.PkgPath(), t))
	}
	if name, twice := renamed[t.PkgPath()+"."+t.Name()]; twice {
		return prefix + "." + name
	}
	return prefix + "." + t.Name()
}

func (table Table) expression(t reflect.Type) string {
	if kind, known := special[t.PkgPath()+"."+t.Name()]; known {
		return kind
	}
	for _, codec := range codecs {
		if t.Kind() != reflect.Pointer && (t.Implements(codec) || reflect.PointerTo(t).Implements(codec)) {
			panic(fmt.Sprintf("%s implements %s: give it a kind", t, codec))
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + table.expression(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + table.expression(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("%s has keys that are no strings", t))
		}
		return "{}" + table.expression(t.Elem())
	case reflect.Struct:
		name := Name(t)
		if _, seen := table[name]; !seen {
			table[name] = map[string]string{}
			table.structFields(t, table[name])
		}
		return name
	case reflect.String, reflect.Bool, reflect.Uint16, reflect.Int32, reflect.Int64:
		if t.PkgPath() != "" {
			return t.Kind().String() + ":" + t.String()
		}
		return t.Kind().String()
	case reflect.Int:
		return "int64:" + t.String()
	}
	panic(fmt.Sprintf("%s is of a kind nobody has described yet", t))
}

// structFields follows encoding/json's promotion rule: of two fields with one name the less deeply embedded
// one counts. Two at the same depth are a panic, because nothing here needs that part of the rule.
func (table Table) structFields(root reflect.Type, fields map[string]string) {
	type level struct {
		t    reflect.Type
		path []string
	}
	for current := []level{{root, nil}}; len(current) > 0; {
		var deeper []level
		found := map[string]string{}
		for _, embedding := range current {
			for i := range embedding.t.NumField() {
				field := embedding.t.Field(i)
				name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
				if name == "-" || !field.IsExported() {
					continue
				}
				if field.Anonymous && name == "" {
					if field.Type.Kind() != reflect.Struct {
						panic(fmt.Sprintf("%s.%s is embedded but no struct", embedding.t, field.Name))
					}
					path := append(embedding.path[:len(embedding.path):len(embedding.path)], field.Name)
					deeper = append(deeper, level{field.Type, path})
					continue
				}
				if name == "" {
					name = field.Name
				}
				if _, twice := found[name]; twice {
					panic(fmt.Sprintf("%s has two fields %q at one depth", root, name))
				}
				found[name] = table.expression(field.Type) + flags(options) + collection(field.Type)
				if len(embedding.path) > 0 {
					found[name] += ",in=" + strings.Join(embedding.path, ".")
				}
			}
		}
		for name, expression := range found {
			if _, hidden := fields[name]; !hidden {
				fields[name] = expression
			}
		}
		current = deeper
	}
}

// collection is the name of a list or map type that its elements do not give away. Only Go's error
// messages need it.
func collection(t reflect.Type) string {
	isMap := t.Kind() == reflect.Map
	if (isMap || t.Kind() == reflect.Slice) && t.PkgPath() != "" || isMap && t.Key().PkgPath() != "" {
		return ",go=" + t.String()
	}
	return ""
}

func flags(options string) string {
	kept := ""
	for _, option := range strings.Split(options, ",") {
		switch option {
		case "omitempty", "omitzero":
			kept += "," + option
		case "", "inline":
		default:
			panic(fmt.Sprintf("json tag option %q", option))
		}
	}
	return kept
}
