#!/usr/bin/env bash
# Kubernetes 1.36.3: an API server that has just begun refuses Services because its "range is full".
#
#   Internal error occurred: failed to allocate a serviceIP for Service "x": range is full
#
# It is ready to answer before it knows its ServiceCIDRs, and until then has no range to take an address from. The
# allocator has an error of its own for a range that is not ready, but from several ranges, or none, what comes out
# is always that of a full one. It is a 500, so clients that try again on 429 and 503 do not; a moment later the
# same request is done.
#
# Seen here with the API server's own allocator: of a range of 254 addresses, none of them taken, nothing is given
# before the informer of ranges has run.
# Where it matters: whoever creates Services while a control plane starts or fails over, and whoever reads the
# message and looks for leaked addresses.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$folder/modules" GOWORK=off CGO_ENABLED=0
staging="api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap
  code-generator component-base component-helpers controller-manager cri-api cri-client cri-streaming csi-translation-lib
  dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy
  kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin
  sample-controller streaming"
{
  printf 'module finding\ngo 1.26\nrequire k8s.io/kubernetes v1.36.3\n'
  for one in $staging; do echo "replace k8s.io/$one => k8s.io/$one v0.36.3"; done
} > go.mod
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"time"

	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	core "k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/registry/core/service/ipallocator"
)

func main() {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	cidr := &networking.ServiceCIDR{
		ObjectMeta: meta.ObjectMeta{Name: "kubernetes"},
		Spec:       networking.ServiceCIDRSpec{CIDRs: []string{"10.96.0.0/24"}},
	}
	client := fake.NewClientset(cidr)
	factory := informers.NewSharedInformerFactory(client, 0)
	ranges, addresses := factory.Networking().V1().ServiceCIDRs(), factory.Networking().V1().IPAddresses()
	allocator, err := ipallocator.NewMetaAllocator(client.NetworkingV1(), ranges, addresses, false, nil)
	must(err)
	service := &core.Service{ObjectMeta: meta.ObjectMeta{Name: "x", Namespace: "default", UID: "1"}}
	ask := func(when string) error {
		address, err := allocator.AllocateNextService(service)
		fmt.Printf("%s: %v %v\n", when, address, err)
		return err
	}
	if err := ask("before the informer has run"); err == nil || err.Error() != "range is full" {
		panic("it says something else now")
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	time.Sleep(time.Second)
	must(ask("after that"))
}
GO
go run .
