"""The reference of settings: of stacks, of components and of the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import yaml

__all__ = ["ENVIRONMENT", "settings"]

ENVIRONMENT = {
    "KUBECONFIG": "the cluster, as for kubectl; several files may be named",
    "PULUMI_BACKEND_URL": "where state is kept: `file://…`, `s3://…`, `postgres://…`",
    "PULUMI_CONFIG_PASSPHRASE": "encrypts secrets in state; drawn once unless stated, and to be "
    "stated with a remote backend",
    "PULUMI_CONFIG_PASSPHRASE_FILE": "the file that the passphrase is in",
    "PULUMI_ACCESS_TOKEN": "state is kept by the Pulumi service, as for pulumi",
    "PULUMI_HOME": "folder of Pulumi's plugins and login, as for pulumi",
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "plugins on PATH do not count, as for pulumi",
    "XDG_STATE_HOME": "folder of state without a backend, and of the local control plane "
    "(default `~/.local/state`)",
    "XDG_CACHE_HOME": "folder of what is built (default `~/.cache`)",
    "NO_COLOR": "no colours in diagnostics",
    "MSVC_LOCAL_DIR": "folder of the local control plane",
}
"""What users may set. A test holds it together with what the code reads."""


def settings(root: Path) -> str:
    """The page."""
    config = yaml.safe_load((root / "Pulumi.yaml").read_text())["config"]
    lines = [
        "# Settings",
        "",
        "## A stack's configuration",
        "",
        "For `pulumi up` and `msvc up` in this folder, in `Pulumi.STACK.yaml` with `modelservice:` "
        "in front (`pulumi config set --path 'modelServices[0]' FILE`).",
        "",
        "| setting | means | default |",
        "|---|---|---|",
    ]
    for name, entry in config.items():
        default = entry.get("default", "")
        shown = f"`{default}`" if default not in ("", []) else ""
        lines.append(f"| `{name}` | {entry['description']} | {shown} |")
    lines += ["", "## Arguments of the component ModelService", ""]
    lines += _fields(root / "components/arguments.py", "ModelServiceArgs", "argument")
    lines += ["", "## Outputs of the component ModelService", ""]
    lines += _fields(root / "components/model_service.py", "ModelService", "output")
    lines += ["", "## Arguments of the component ModelServiceOperator", ""]
    operator = root / "components/model_service_operator.py"
    lines += _fields(operator, "ModelServiceOperatorArgs", "argument")
    lines += [
        "",
        "Other languages write the names in camelCase: `modelService`, `baseConfig`.",
        "",
        "## Environment variables",
        "",
        "| variable | means |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items()),
        "",
        "Flags of `msvc operator run` that begin with `--workspace-` are also read from variables "
        "(`MSVC_WORKSPACE_IMAGE`, …). Credentials of a backend come from `AWS_…` or `PG…`, as for "
        "Pulumi.",
        "",
    ]
    return "\n".join(lines)


def _fields(file: Path, name: str, what: str) -> Iterator[str]:
    """The fields of a class with the texts behind them."""
    module = ast.parse(file.read_text())
    body = next(n for n in module.body if isinstance(n, ast.ClassDef) and n.name == name).body
    yield f"| {what} | means |"
    yield "|---|---|"
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            kind = ast.unparse(field.annotation)
            needed = "" if kind.startswith(("NotRequired", "pulumi.")) else " **required**"
            words = " ".join(str(ast.literal_eval(text.value)).split())
            yield f"| `{ast.unparse(field.target)}`{needed} | {words} |"
