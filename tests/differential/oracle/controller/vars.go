// Package controller has the template data under the type name that the original's messages show.
package controller

// TemplateVars has the original's sixteen variables in its order.
type TemplateVars struct {
	ModelServiceName      string `json:"modelServiceName,omitempty"`
	ModelServiceNamespace string `json:"modelServiceNamespace,omitempty"`
	ModelName             string `json:"modelName,omitempty"`
	HFModelName           string `json:"hfModelName,omitempty"`
	SanitizedModelName    string `json:"sanitizedModelName,omitempty"`
	ModelPath             string `json:"modelPath,omitempty"`
	MountedModelPath      string `json:"mountedModelPath,omitempty"`
	AuthSecretName        string `json:"authSecretName,omitempty"`
	EPPServiceName        string `json:"eppServiceName,omitempty"`
	EPPDeploymentName     string `json:"eppDeploymentName,omitempty"`
	PrefillDeploymentName string `json:"prefillDeploymentName,omitempty"`
	DecodeDeploymentName  string `json:"decodeDeploymentName,omitempty"`
	PrefillServiceName    string `json:"prefillServiceName,omitempty"`
	DecodeServiceName     string `json:"decodeServiceName,omitempty"`
	InferencePoolName     string `json:"inferencePoolName,omitempty"`
	InferenceModelName    string `json:"inferenceModelName,omitempty"`
}
