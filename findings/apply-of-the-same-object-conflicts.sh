#!/usr/bin/env bash
# Kubernetes 1.36: two who apply the same manifest conflict, though neither wants anything changed.
#
#   env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
#
# The API server fills in `fieldRef.apiVersion: v1`. fieldRef is atomic to server-side apply, so what the second
# one states, without apiVersion, is another value than the live one, which belongs to the first. With
# `apiVersion: v1` written out there is no conflict, nor for a value that is no atomic mapping.
#
# Seen here with the API server's own field manager; of its defaults the program has the one that counts.
# Where it matters: a take-over by another tool (another field manager) with the very manifest that is there,
# and two tools that apply one object on purpose. `--force-conflicts` is right, though it looks dangerous.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$folder/modules" GOWORK=off
cat > go.mod <<'MOD'
module finding
go 1.26
require (
	k8s.io/api v0.36.3
	k8s.io/apimachinery v0.36.3
	k8s.io/client-go v0.36.3
)
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// As pkg/apis/core/v1 of the API server does (SetDefaults_ObjectFieldSelector).
type defaults struct{}

func (defaults) Default(object runtime.Object) {
	for _, container := range object.(*core.Pod).Spec.Containers {
		for _, variable := range container.Env {
			if from := variable.ValueFrom; from != nil && from.FieldRef != nil && from.FieldRef.APIVersion == "" {
				from.FieldRef.APIVersion = "v1"
			}
		}
	}
}

func show(what string, variable map[string]any) {
	kind := core.SchemeGroupVersion.WithKind("Pod")
	manager, err := managedfields.NewDefaultFieldManager(
		applyconfigurations.NewTypeConverter(scheme.Scheme), scheme.Scheme, defaults{}, scheme.Scheme,
		kind, kind.GroupVersion(), "", nil)
	if err != nil {
		panic(err)
	}
	variable["name"] = "POD"
	manifest := func() runtime.Object {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": "n"},
			"spec": map[string]any{"containers": []any{
				map[string]any{"name": "vllm", "env": []any{runtime.DeepCopyJSON(variable)}}}}}}
	}
	var live runtime.Object = &core.Pod{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Pod"}}
	if live, err = manager.Apply(live, manifest(), "first", false); err != nil {
		panic(err)
	}
	if _, err = manager.Apply(live, manifest(), "first", false); err != nil {
		panic(err)
	}
	_, err = manager.Apply(live, manifest(), "second", false)
	fmt.Println(what+":", err)
}

func main() {
	show("fieldRef", map[string]any{"valueFrom": map[string]any{
		"fieldRef": map[string]any{"fieldPath": "metadata.name"}}})
	show("fieldRef with its default", map[string]any{"valueFrom": map[string]any{
		"fieldRef": map[string]any{"apiVersion": "v1", "fieldPath": "metadata.name"}}})
	show("value", map[string]any{"value": "a"})
}
GO
go run . > seen 2> log || { cat log >&2; exit 1; }
diff - seen <<'SEEN'
fieldRef: Apply failed with 1 conflict: conflict with "first": .spec.containers[name="vllm"].env[name="POD"].valueFrom.fieldRef
fieldRef with its default: <nil>
value: <nil>
SEEN
echo "k8s.io/apimachinery v0.36.3: the same fieldRef applied by two conflicts, for the default that was filled in"
