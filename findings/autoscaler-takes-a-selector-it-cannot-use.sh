#!/usr/bin/env bash
# Kubernetes 1.36.3: an HPA that selects metrics by a model's name is accepted, and can never read them.
#
#   metric: {name: queue_size, selector: {matchLabels: {model_name: acme/tiny}}}
#
# Values of labels have no slash, and the controller turns the selector into one of labels: that fails each
# time it wants the metric. The API server does not look into the selector at all. Without the slash both work.
# Where it matters: servers label their metrics with the model's name, which mostly is "organisation/model".
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

	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	"k8s.io/kubernetes/pkg/apis/autoscaling/validation"
)

func main() {
	one, average := int32(1), resource.MustParse("5")
	for _, model := range []string{"tiny", "acme/tiny"} {
		selector := &meta.LabelSelector{MatchLabels: map[string]string{"model_name": model}}
		autoscaler := &autoscaling.HorizontalPodAutoscaler{
			ObjectMeta: meta.ObjectMeta{Name: "tiny", Namespace: "serving"},
			Spec: autoscaling.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscaling.CrossVersionObjectReference{
					APIVersion: "apps/v1", Kind: "Deployment", Name: "tiny"},
				MinReplicas: &one,
				MaxReplicas: 2,
				Metrics: []autoscaling.MetricSpec{{
					Type: autoscaling.ExternalMetricSourceType,
					External: &autoscaling.ExternalMetricSource{
						Metric: autoscaling.MetricIdentifier{Name: "queue_size", Selector: selector},
						Target: autoscaling.MetricTarget{
							Type: autoscaling.AverageValueMetricType, AverageValue: &average},
					},
				}},
			},
		}
		options := validation.HorizontalPodAutoscalerSpecValidationOptions{MinReplicasLowerBound: 1}
		accepted := len(validation.ValidateHorizontalPodAutoscaler(autoscaler, options)) == 0
		_, err := meta.LabelSelectorAsSelector(selector)
		fmt.Println(model, "accepted:", accepted, "usable:", err == nil)
	}
}
GO
go run . > seen 2> log || { cat log >&2; exit 1; }
diff - seen <<'SEEN'
tiny accepted: true usable: true
acme/tiny accepted: true usable: false
SEEN
echo "Kubernetes v1.36.3: an HPA's metric selector may have values that no label has; its controller cannot use them"
