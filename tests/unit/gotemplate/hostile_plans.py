"""Documents that attack the pipeline: by name, a ModelService and a BaseConfig or "".

Each of them is small for its template or its parser; it is the sum that costs. A document may be as
large as the API server takes.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["HARMLESS", "PLANS"]

_LARGEST = 1_500_000  # characters
_DIALECT = ", annotations: {llm-d.ai/template-dialect: jinja2}"


def _service(container: str = "", *, metadata: str = "", ports: str = "") -> str:
    return (
        "apiVersion: llm-d.ai/v1alpha1\nkind: ModelService\n"
        f"metadata: {{name: m{metadata}}}\n"
        "spec:\n"
        '  modelArtifacts: {uri: "hf://a/b"}\n'
        f"  routing: {{modelName: a/b, ports: [{ports}]}}\n"
        "  decode:\n    containers:\n    - name: vllm\n" + container
    )


def _args(args: Iterable[str]) -> str:
    return "      args:\n" + "".join(f"      - '{arg}'\n" for arg in args)


def _base(section: str, text: str, *, metadata: str = "") -> str:
    body = "".join(f"    {line}\n" for line in text.split("\n"))
    return f"kind: ConfigMap\nmetadata: {{name: b{metadata}}}\ndata:\n  {section}: |\n{body}"


def _containers(items: str) -> str:
    return f"spec: {{template: {{spec: {{containers: [{items}]}}}}}}"


HARMLESS = (_service(_args(["{{ .ModelName }}"])), _base("decodeDeployment", _containers("")))
_KEYS = range(40_000)

PLANS: dict[str, tuple[str, str]] = {
    # --- many templates ---
    "args-that-derive": (_service(_args(['{{ derivePassword 1 "long" "p" "u" "s" }}'] * 40)), ""),
    "args-that-take-time": (
        _service(_args(["{{ range 1900 }}{{ $_ := until 900 }}{{ end }}x"] * 900)),
        "",
    ),
    "args-in-thousands": (_service(_args(f"{{{{ print {n} }}}}" for n in range(30_000))), ""),
    "args-of-jinja": (
        _service(_args(f"{{{{ {n} }}}}" for n in range(20_000)), metadata=_DIALECT),
        "",
    ),
    "args-that-fail": (_service(_args(["{{ .Modelname }}"] * 20_000)), ""),
    "args-of-unknown-ports": (
        _service(
            _args(f'{{{{ getPort "porx{n}" }}}}' for n in range(4_000)),
            ports=",".join(f"{{name: port{n}, port: 1}}" for n in range(9_000)),
        ),
        "",
    ),
    "args-that-write": (_service(_args(['{{ repeat 15000 "x" }}'] * 4_000)), ""),
    "sections-in-thousands": (
        _service(),
        "kind: ConfigMap\ndata:\n" + "".join(f"  s{n}: '{{{{ 1 }}}}'\n" for n in _KEYS),
    ),
    "sections-that-take-time": (
        _service(),
        "kind: ConfigMap\ndata:\n"
        + "".join(
            f"  s{n}: '{{{{ range 9000 }}}}{{{{ $_ := until 999 }}}}{{{{ end }}}}'\n"
            for n in range(90)
        ),
    ),
    # --- many diagnostics ---
    "duplicate-keys": (
        _service("".join(f"      k{n}: 1\n      k{n}: 2\n" for n in range(9_000))),
        "",
    ),
    "duplicate-keys-in-a-line": (
        _service("      env: {" + ",".join(f"k{n}: 1, k{n}: 2" for n in range(4_000)) + "}\n"),
        "",
    ),
    "one-key-again": (_service("      k: 1\n" * 40_000), ""),
    "unknown-fields": (_service("".join(f"      unknown{n}: 1\n" for n in _KEYS)), ""),
    "nearly-known-fields": (_service("".join(f"      image{n}: 1\n" for n in _KEYS)), ""),
    "anchors": (_service("      env:\n" + "".join(f"      - &a{n} x\n" for n in _KEYS)), ""),
    "aliases": (
        _service(
            "      env:\n" + "".join(f"      - &a{n} []\n      - *a{n}\n" for n in range(20_000))
        ),
        "",
    ),
    "aliases-of-lists": (
        _service("      x: &a [" + "{}," * 1_000 + "]\n      env:\n" + "      - *a\n" * 40_000),
        "",
    ),
    "merged-maps": (
        _service(
            "      x: &a {" + ",".join(f"k{n}: " for n in range(2_000)) + "}\n"
            "      env:\n" + "      - {<<: *a}\n" * 40_000
        ),
        "",
    ),
    "wrong-items": (_service("      env:\n" + "      - 1\n" * _KEYS.stop), ""),
    "wrong-items-of-a-section": (
        _service(),
        _base("decodeDeployment", _containers("{{ range until 19000 }}1,{{ end }}")),
    ),
    "unknown-fields-of-a-section": (
        _service(),
        _base("decodeDeployment", "{{ range $i, $_ := until 19000 }}u{{ $i }}: 1\n{{ end }}"),
    ),
    "duplicate-keys-of-a-section": (
        _service(),
        _base("decodeDeployment", "{{ range until 19000 }}u: 1\n{{ end }}"),
    ),
    "unknown-sections": (
        _service(),
        "kind: ConfigMap\ndata:\n" + "".join(f"  decodeDeploymen{n}: a\n" for n in _KEYS),
    ),
    # --- many objects ---
    "configmaps": (
        _service(),
        _base(
            "configMaps",
            "{{ range $i, $_ := until 9000 }}- {metadata: {name: u{{ $i }}}}\n{{ end }}",
        ),
    ),
    "containers-of-a-section": (
        _service(),
        _base(
            "decodeDeployment",
            _containers("{{ range $i, $_ := until 9000 }}{name: u{{ $i }}},{{ end }}"),
        ),
    ),
    "variables-of-a-container": (
        _service("      env:\n" + "".join(f"      - {{name: n{n}}}\n" for n in range(20_000))),
        "",
    ),
    "labels": (_service(metadata=", labels: {" + "".join(f"a{n}: b, " for n in _KEYS) + "}"), ""),
    # --- lists of both documents that are paired ---
    "containers-of-both": (
        _service("".join(f"    - {{name: n{n}}}\n" for n in range(6_000))),
        _base("decodeDeployment", _containers("".join(f"{{name: n{n}}}," for n in range(6_000)))),
    ),
    "gateways-of-both": (
        _service().replace(
            "ports:", f"gatewayRefs: [{''.join(f'{{name: g{n}}},' for n in range(9_000))}], ports:"
        ),
        _base(
            "httpRoute",
            f"spec: {{parentRefs: [{''.join(f'{{name: g{n}}},' for n in range(9_000))}]}}",
        ),
    ),
    "gateways-of-one-name": (
        _service().replace(
            "ports:",
            f"gatewayRefs: [{''.join(f'{{name: g, port: {n}}},' for n in range(5_000))}], ports:",
        ),
        _base(
            "httpRoute",
            f"spec: {{parentRefs: [{''.join(f'{{name: g, port: {n}}},' for n in range(5_000))}]}}",
        ),
    ),
    "accelerators-in-every-term": (
        _service(
            "    acceleratorTypes: {labelKey: a/b, labelValues: ["
            + "".join(f"v{n}," for n in range(20_000))
            + "]}\n"
        ),
        _base(
            "decodeDeployment",
            "spec: {template: {spec: {affinity: {nodeAffinity: "
            "{requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ["
            + "{matchExpressions: [{key: k, operator: Exists}]}," * 3_000
            + "]}}}}}}",
        ),
    ),
    # --- many words, and many places in one line ---
    "flags-that-nobody-takes": (
        _service(_args(f"--tensor-paralel-size{n}=1" for n in range(4_000))),
        _base("decodeDeployment", _containers("{name: vllm, command: [vllm, serve]}")),
    ),
    "a-section-in-one-line": (
        _service(_args(f"--a{n}=1" for n in range(4_000))),
        'kind: ConfigMap\ndata:\n  decodeDeployment: "'
        + _containers(
            "{name: vllm, command: [vllm, serve], args: ["
            + ",".join(f"\\x2d-a{n}=2" for n in range(4_000))
            + "]}"
        )
        + '"\n',
    ),
    "one-flag-in-thousands": (
        _service(_args(f"--max-model-len={n}" for n in range(4_000))),
        _base(
            "decodeDeployment",
            _containers(
                "{name: vllm, command: [vllm, serve], args: [" + "--max-model-len,7," * 4_000 + "]}"
            ),
        ),
    ),
    # --- texts that cost their parser or our regular expressions ---
    "line-ends-then-a-mistake": ("\n" * _LARGEST + "a: [", ""),
    "line-ends-in-an-arg": (_service('      args: ["' + "\\n" * 700_000 + 'x"]\n'), ""),
    "nested-lists": ("a: " + "[" * _LARGEST, ""),
    "nested-items": ("- " * (_LARGEST // 2), ""),
    "nested-keys": ("? " * (_LARGEST // 2), ""),
    "anchors-of-one-value": ("&a " * (_LARGEST // 3), ""),
    "tags-of-one-value": ("!!str " * (_LARGEST // 6), ""),
    "documents": ("---\n" * (_LARGEST // 8), ""),
    "digits": ("a: " + "9" * _LARGEST, ""),
    "hexadecimals": ("a: 0x" + "f" * _LARGEST, ""),
    "underscores": ("a: 1" + "_1" * (_LARGEST // 2), ""),
    "underscores-behind-a-point": ("a: .1" + "_1" * (_LARGEST // 4) + "x", ""),
    "escapes": ('a: "' + "\\x41" * (_LARGEST // 4) + '"', ""),
    "a-long-line-of-mistakes": (_service("      env: [" + "1," * 100_000 + "]\n"), ""),
    "a-long-name": (_service(metadata=f", labels: {{a: {'x' * 999_999}}}"), ""),
    "a-long-uri": (_service().replace("hf://a/b", "oci://" + "a_" * 400_000 + "!"), ""),
    "a-long-quantity": (_service(f"      resources: {{limits: {{cpu: {'1' * 600_000}.5}}}}\n"), ""),
    "a-long-quantity-of-zeros": (
        _service(f"      resources: {{limits: {{cpu: '1{'0' * 4_000}e999999999'}}}}\n"),
        "",
    ),
}
