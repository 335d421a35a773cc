"""The stack program and the command line around it, as a user runs them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.plan import PlanOptions
from msvc_pulumi.target.capabilities import Capabilities

ROOT = Path(__file__).resolve().parents[2]
Result = subprocess.CompletedProcess[str]


@pytest.fixture
def project(tmp_path: Path, namespace: str) -> Path:
    """A copy of this project whose stack dev is the main sample, in the test's namespace."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    configure(tmp_path, namespace=namespace)
    return tmp_path


def configure(project: Path, **settings: Any) -> None:
    file = project / "Pulumi.dev.yaml"
    value = yaml.safe_load(file.read_text())
    value["config"] |= {f"modelservice:{key}": setting for key, setting in settings.items()}
    file.write_text(yaml.safe_dump(value))


@pytest.fixture
def environment(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    state = tmp_path_factory.mktemp("state")
    return {**kept, "KUBECONFIG": str(kubeconfig), "XDG_STATE_HOME": str(state)}


@pytest.fixture
def msvc(project: Path, environment: dict[str, str]) -> Callable[..., Result]:
    """Runs ``msvc`` in the project."""

    def run(*arguments: str, **variables: str) -> Result:
        return subprocess.run(
            [sys.executable, "-m", "msvc_pulumi", *arguments],
            cwd=project,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def objects(cluster: Cluster, namespace: str) -> set[str]:
    return {
        item["metadata"]["name"]
        for kind in ("Deployment", "Service")
        for item in cluster.list("v1" if kind == "Service" else "apps/v1", kind, namespace)[0]
    }


def test_up_until_ready_again_and_down(
    msvc: Any, project: Path, cluster: Cluster, namespace: str
) -> None:
    """Up waits for the pods, again changes nothing, destroy leaves nothing, and the project's own
    files stay as they are."""
    before = (project / "Pulumi.dev.yaml").read_text()
    up = msvc("up", "--wait", "120")
    assert up.returncode == 0, up.stdout + up.stderr
    for role in ("prefill", "decode", "epp"):
        assert f"facebook-opt-125m-{role} is available" in up.stderr
    assert len(objects(cluster, namespace)) == 6

    again = msvc("up", "--expect-no-changes")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "15 unchanged" in again.stdout

    listed = msvc("pulumi", "stack", "output", "--json", "--stack", "dev")
    assert yaml.safe_load(listed.stdout)["facebook-opt-125m"]["namespace"] == namespace

    assert msvc("destroy").returncode == 0
    assert objects(cluster, namespace) == set()
    assert (project / "Pulumi.dev.yaml").read_text() == before
    assert not list(project.glob("Pulumi.*.yaml.*"))


def spoil(project: Path, file: str, old: str, new: str) -> None:
    path = project / "samples" / "facebook" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


BAD = {
    "missing file": (
        lambda project: (project / "samples/facebook/msvc.yaml").unlink(),
        ["msvc.yaml"],
    ),
    "not YAML": (
        lambda project: spoil(project, "msvc.yaml", "spec:", "spec: ["),
        ["msvc.yaml:", "-->"],
    ),
    "not a ModelService": (
        lambda project: (project / "samples/facebook/msvc.yaml").write_text("- a list\n"),
        ["msvc.yaml:1:1"],
    ),
    "unknown template variable": (
        lambda project: spoil(project, "msvc.yaml", "{{ .HFModelName }}", "{{ .HFModelNam }}"),
        ["msvc.yaml:", "HFModelNam", "HFModelName"],
    ),
    "template in the BaseConfig": (
        lambda project: spoil(project, "baseconfig.yaml", '{{ "app_port" | getPort }}', "{{ if }}"),
        ["baseconfig.yaml:", "-->"],
    ),
    "setting": (lambda project: configure(project, source="elsewhere"), ["elsewhere", "source"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, msvc: Any, project: Path, cluster: Cluster, namespace: str) -> None:
    """One diagnostic with its place, exit code 1, no traceback, and nothing applied."""
    change, expected = BAD[case]
    change(project)  # type: ignore[no-untyped-call]
    up = msvc("up", "--skip-preview")
    shown = up.stdout + up.stderr
    assert up.returncode == 1, shown
    for text in expected:
        assert text in shown
    assert "Traceback" not in shown
    assert "error[" in shown
    assert objects(cluster, namespace) == set()


def test_unknown_port_is_a_warning(msvc: Any, project: Path) -> None:
    """As in the original it renders as -1: the preview goes on and says so."""
    text = (project / "samples/facebook/msvc.yaml").read_text()
    name = 'args:\n          - "{{ .HFModelName }}"'
    extra = f'{name}\n          - "{{{{ `no_such_port` | getPort }}}}"'
    (project / "samples/facebook/msvc.yaml").write_text(text.replace(name, extra, 1))
    preview = msvc("preview")
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "no_such_port" in preview.stdout


@pytest.mark.parametrize("api", ["auto", "v1"])
def test_preview_of_all_samples(
    api: str, msvc: Any, cluster: Cluster, namespace: str, project: Path
) -> None:
    """The command line foresees every object of every sample, in either generation of the
    Inference Extension, and makes none."""
    inputs = load_inputs([str(project / "samples/*/*.yaml")])
    served = Capabilities.discover(cluster.serves)
    options = PlanOptions(namespace=namespace, inference_api=api, capabilities=served)
    plans = plan_inputs(inputs, options).plans
    assert len(plans) == len(list((project / "samples").glob("*/msvc.yaml")))
    settings = ("--stack", "all", "--namespace", namespace, "--inference-api", api)

    shown = msvc("preview", "-m", "samples/*/*.yaml", *settings)

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "error" not in shown.stderr
    count = sum(map(len, plans)) + len(plans) + 1  # components, and the stack
    assert f"+ {count} to create" in shown.stdout
    assert objects(cluster, namespace) == set()


def test_wrong_passphrase(msvc: Any, cluster: Cluster, namespace: str) -> None:
    """The stack made under one passphrase is not opened, changed or lost under another."""
    assert msvc("up", "--skip-preview").returncode == 0
    made = objects(cluster, namespace)
    wrong = msvc("up", "--skip-preview", PULUMI_CONFIG_PASSPHRASE="another")
    assert wrong.returncode == 3
    assert wrong.stderr.count("error[passphrase-wrong]") == 1
    assert "PULUMI_CONFIG_PASSPHRASE" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert objects(cluster, namespace) == made
    assert msvc("up", "--skip-preview", "--expect-no-changes").returncode == 0
    assert msvc("destroy").returncode == 0


def test_unreachable_cluster(msvc: Any, tmp_path: Path, kubeconfig: Path) -> None:
    """Nothing is started for a cluster that does not answer."""
    value = yaml.safe_load(kubeconfig.read_text())
    for item in value["clusters"]:
        item["cluster"]["server"] = "https://127.0.0.1:9"
    other = tmp_path / "other-kubeconfig"
    other.write_text(yaml.safe_dump(value))
    up = msvc("up", KUBECONFIG=str(other))
    assert up.returncode == 3
    assert up.stderr.count("error[cluster-unreachable]") == 1
    assert "Traceback" not in up.stderr
    assert up.stdout == ""


def test_killed_in_the_middle(
    msvc: Any, project: Path, environment: dict[str, str], cluster: Cluster, namespace: str
) -> None:
    """After SIGKILL of the engine the next run clears its lock and finishes the work."""
    slow = project / "__main__.py"
    slow.write_text(slow.read_text() + "\nimport time\n\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "msvc_pulumi", "up", "--skip-preview"]
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        locks = Path(environment["XDG_STATE_HOME"])
        deadline = time.monotonic() + 60
        while not (found := list(locks.rglob("locks/**/*.json"))) and time.monotonic() < deadline:
            time.sleep(0.1)
        engine = yaml.safe_load(found[0].read_text())["pid"]
        os.kill(engine, signal.SIGKILL)
        assert process.wait(60) == 3
    assert found[0].exists()
    shutil.copy(ROOT / "__main__.py", project)
    up = msvc("up", "--skip-preview")
    assert up.returncode == 0, up.stdout + up.stderr
    assert len(objects(cluster, namespace)) == 6
    assert msvc("destroy").returncode == 0


def test_interrupted_releases_the_lock(
    msvc: Any, project: Path, environment: dict[str, str]
) -> None:
    """SIGINT ends the update in order: no lock stays, and the next run works."""
    slow = project / "__main__.py"
    slow.write_text(slow.read_text() + "\nimport time\n\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "msvc_pulumi", "up", "--skip-preview"]
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        state = Path(environment["XDG_STATE_HOME"])
        deadline = time.monotonic() + 60
        while not list(state.rglob("locks/**/*.json")) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 3
        assert "error[interrupted]" in stderr
        assert "Traceback" not in stderr
    assert not list(state.rglob("locks/**/*.json"))
    shutil.copy(ROOT / "__main__.py", project)
    assert msvc("up", "--skip-preview").returncode == 0
    assert msvc("destroy").returncode == 0


def test_files_instead_of_a_project(
    msvc: Any, project: Path, cluster: Cluster, namespace: str
) -> None:
    """With -m there is a stack for each ModelService; the namespace is made where it is missing."""
    (project / "Pulumi.yaml").unlink()
    files = ("-m", "samples/simple/msvc.yaml", "-b", "samples/simple/baseconfig.yaml")
    other = f"{namespace}-made"
    up = msvc("up", *files, "--namespace", other)
    assert up.returncode == 0, up.stdout + up.stderr
    assert f"created namespace {other}" in up.stderr
    assert objects(cluster, other) != set()
    listed = msvc("pulumi", "stack", "ls", "--json")
    assert [item["name"] for item in yaml.safe_load(listed.stdout)] == [f"{other}.granite"]
    again = msvc("up", *files, "--namespace", other, "--expect-no-changes")
    assert again.returncode == 0
    assert msvc("destroy", *files, "--namespace", other).returncode == 0
    assert objects(cluster, other) == set()
    cluster.delete("v1", "Namespace", other)


def test_usage(msvc: Any) -> None:
    """Options that would be ignored are refused, with exit code 2."""
    assert msvc("up", "--namespace", "x").returncode == 2


def test_pulumi_says_what_is_wrong(msvc: Callable[..., Result]) -> None:
    """What `msvc pulumi` is refused by the engine for is on standard error, terminal or not."""
    for arguments in (("preview", "--nonsense"), ("stack", "--stack", "nope")):
        done = msvc("pulumi", *arguments)
        assert done.returncode != 0
        assert "error: " in done.stderr, arguments
