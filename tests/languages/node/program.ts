// What a program in TypeScript sends: whole numbers, null and undefined, a secret of the configuration, Outputs of
// another resource that a preview does not know, and a ModelService of which the type checker knows nothing.
import * as k8s from "@pulumi/kubernetes";
import * as llmd from "@pulumi/llmd";
import * as pulumi from "@pulumi/pulumi";

export async function program() {
    const config = new pulumi.Config();
    const settings = new k8s.core.v1.ConfigMap("settings", {
        metadata: { namespace: config.require("namespace") },
        data: { flavour: "plain" },
    });
    const env = [
        { name: "KEY", value: config.requireSecret("key") },
        { name: "FLAVOUR", value: settings.data.apply(data => data.flavour) },
        { name: "OTHER", valueFrom: { configMapKeyRef: { name: settings.metadata.name, key: "flavour" } } },
    ];
    const decode = {
        replicas: config.requireObject<unknown>("replicas"),
        parallelism: undefined,
        containers: [{ name: "vllm", mountModelVolume: true, args: ["--max-model-len", 4096], env, resources: null }],
    };
    const name = config.require("name");
    const granite = new llmd.ModelService(
        name,
        {
            modelService: {
                apiVersion: "llm-d.ai/v1alpha1",
                kind: "ModelService",
                metadata: { name: "granite" },
                spec: {
                    modelArtifacts: { uri: "hf://ibm-granite/granite-3.3-2b-base" },
                    routing: {
                        modelName: "ibm-granite/granite-3.3-2b-base",
                        ports: [{ name: "app_port", port: 8000 }],
                    },
                    decode,
                    prefill: null,
                },
            },
            baseConfig: "baseconfig.yaml",
            namespace: settings.metadata.namespace,
            eppPullSecrets: undefined,
        },
        { aliases: name === "granite" ? [] : [{ name: "granite" }] },
    );
    return { decode: granite.decodeDeploymentName, hash: granite.planHash, endpoints: granite.endpoints };
}
