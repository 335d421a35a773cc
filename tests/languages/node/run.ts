// A Pulumi program of Node's without Pulumi's language host: `node run.js COMMAND PLUGIN [KEY=VALUE …]` runs it as
// the Automation API does, in this process. Prints what the engine says; for `up` last its outputs, as JSON.
import { ConfigMap, LocalWorkspace } from "@pulumi/pulumi/automation";

import { program } from "./program.js";

async function main(command: string, plugin: string, ...pairs: string[]): Promise<void> {
    const name = "node-models";
    const plugins = { providers: [{ name: "llmd", path: plugin }] };
    const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: "dev", projectName: name, program },
        { workDir: ".", projectSettings: { name, runtime: "nodejs", plugins } as never },
    );
    const values: ConfigMap = {};
    for (const [key, value] of pairs.map(pair => pair.split("=", 2))) {
        values[key] = { value, secret: key === "key" };
    }
    await stack.setAllConfig(values);
    const onOutput = (text: string) => process.stdout.write(text);
    if (command === "preview") {
        await stack.preview({ onOutput });
    } else if (command === "up" || command === "no-op") {
        const { outputs } = await stack.up({ onOutput, expectNoChanges: command === "no-op" });
        console.log(JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([k, o]) => [k, o.value]))));
    } else {
        await stack.destroy({ onOutput });
    }
}

const [command, plugin, ...pairs] = process.argv.slice(2);
main(command, plugin, ...pairs).catch(error => {
    console.error(error.message);
    process.exitCode = 1;
});
