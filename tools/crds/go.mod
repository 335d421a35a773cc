// The CustomResourceDefinitions of the local control plane: module zips that carry CRD YAML, never compiled.
// The Inference Extension is there twice: its last release with InferenceModel, and a release of its v1 API.
module msvc-pulumi.dev/tools/crds

go 1.26.0

replace msvc-pulumi.dev/inference-extension-v1alpha2 => sigs.k8s.io/gateway-api-inference-extension v0.3.0

require (
	github.com/kedacore/keda/v2 v2.20.2
	msvc-pulumi.dev/inference-extension-v1alpha2 v0.3.0
	sigs.k8s.io/gateway-api v1.4.1
	sigs.k8s.io/gateway-api-inference-extension v1.4.0
	sigs.k8s.io/lws v0.8.0
)
