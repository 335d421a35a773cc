#!/usr/bin/env bash
# Kubernetes 1.36: two names for one container port can be created, but not applied by server-side apply.
#
#   ports: [{name: http, containerPort: 8000}, {name: metrics, containerPort: 8000}]
#
# Names are unique, so validation takes it and a POST makes the object. Server-side apply tells ports
# apart by number and protocol and calls it a duplicate; of the lists in a pod, so are mount paths, pull
# secrets, host aliases and spread constraints of one topology key. Two equal tolerations, `envFrom`
# entries or metrics of an HPA are none, nor are a ServiceAccount's pull secrets (a Pod's are).
#
# Seen here with the type converter that the API server's own field manager is built on.
# Where it matters: vLLM serves requests and metrics on one port, so charts give it two names.
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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

var converter = applyconfigurations.NewTypeConverter(scheme.Scheme)

func show(what string, object runtime.Object) {
	_, err := converter.ObjectToTyped(object)
	fmt.Println(what+":", err)
}

func pod(spec core.PodSpec) *core.Pod {
	return &core.Pod{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Spec: spec}
}

func container(filled core.Container) *core.Pod {
	filled.Name = "vllm"
	return pod(core.PodSpec{Containers: []core.Container{filled}})
}

func main() {
	show("ports", container(core.Container{Ports: []core.ContainerPort{
		{Name: "http", ContainerPort: 8000}, {Name: "metrics", ContainerPort: 8000}}}))
	show("other protocol", container(core.Container{Ports: []core.ContainerPort{
		{Name: "a", ContainerPort: 53, Protocol: "TCP"}, {Name: "b", ContainerPort: 53, Protocol: "UDP"}}}))
	show("envFrom", container(core.Container{EnvFrom: []core.EnvFromSource{{Prefix: "A"}, {Prefix: "A"}}}))
	show("pull secrets", pod(core.PodSpec{ImagePullSecrets: []core.LocalObjectReference{{Name: "a"}, {Name: "a"}}}))
	show("tolerations", pod(core.PodSpec{Tolerations: []core.Toleration{{Key: "a"}, {Key: "a"}}}))
	show("pull secrets of an account", &core.ServiceAccount{
		TypeMeta:         meta.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ImagePullSecrets: []core.LocalObjectReference{{Name: "a"}, {Name: "a"}}})
}
GO
go run . > seen 2> log || { cat log >&2; exit 1; }
diff - seen <<'SEEN'
ports: .spec.containers[name="vllm"].ports: duplicate entries for key [containerPort=8000,protocol="TCP"]
other protocol: <nil>
envFrom: <nil>
pull secrets: .spec.imagePullSecrets: duplicate entries for key [name="a"]
tolerations: <nil>
pull secrets of an account: <nil>
SEEN
echo "k8s.io/client-go v0.36.3: server-side apply knows container ports by number and protocol, not by name"
