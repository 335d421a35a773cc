#!/usr/bin/env bash
# Kubernetes 1.36.3: the dry run of a Service takes a node port that the real request is refused for.
#
#   nodePort: 80 with --dry-run=server is accepted; without it, "provided port is not in the valid range".
#
# A dry run only asks whether somebody has the port; the range is looked at when it is allocated. Seen here
# with the API server's own allocator: once as a dry run calls it, once as a creation does.
# Where it matters: whoever checks manifests by server-side dry run and takes its yes for an answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$folder/modules" GOWORK=off
{
  printf 'module finding\ngo 1.26\nrequire k8s.io/kubernetes v1.36.3\nreplace (\n'
  for staging in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider \
    cluster-bootstrap code-generator component-base component-helpers controller-manager cri-api cri-client \
    cri-streaming csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms \
    kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils \
    pod-security-admission sample-apiserver sample-cli-plugin sample-controller streaming; do
    printf '\tk8s.io/%s => k8s.io/%s v0.36.3\n' "$staging" "$staging"
  done
  printf ')\n'
} > go.mod
cat > main.go <<'GO'
package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/kubernetes/pkg/registry/core/service/portallocator"
)

func main() {
	ports, err := portallocator.NewInMemory(net.PortRange{Base: 30000, Size: 2768})
	if err != nil {
		panic(err)
	}
	for _, port := range []int{30080, 80} {
		for _, dryRun := range []bool{true, false} {
			fmt.Println(port, "dry run:", dryRun, portallocator.StartOperation(ports, dryRun).Allocate(port))
		}
	}
}
GO
go run . > seen 2> log || { cat log >&2; exit 1; }
diff - seen <<'SEEN'
30080 dry run: true <nil>
30080 dry run: false <nil>
80 dry run: true <nil>
80 dry run: false provided port is not in the valid range. The range of valid ports is 30000-32767
SEEN
echo "Kubernetes v1.36.3: a dry run takes node ports outside of the range, a creation does not"
