// current prints, as JSON, the type table of the APIs of today.
package main

import (
	"log"
	"os"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	inference "sigs.k8s.io/gateway-api-inference-extension/api/v1"
	objective "sigs.k8s.io/gateway-api-inference-extension/apix/v1alpha2"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	lws "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"msvc-pulumi.dev/tools/types/table"
)

func main() {
	log.SetFlags(0)
	roots := []any{
		apps.Deployment{},
		autoscaling.HorizontalPodAutoscaler{},
		core.ConfigMap{},
		core.EnvFromSource{},
		core.ObjectReference{},
		core.PodTemplateSpec{},
		core.Service{},
		core.ServiceAccount{},
		gateway.HTTPRoute{},
		inference.InferencePool{},
		lws.LeaderWorkerSet{},
		objective.InferenceModelRewrite{},
		objective.InferenceObjective{},
		policy.PodDisruptionBudget{},
		rbac.Role{},
		rbac.RoleBinding{},
	}
	if err := table.Of(roots...).Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
}
