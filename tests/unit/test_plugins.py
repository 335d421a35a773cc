"""Which plugins a run uses: the official ones wherever the engine would find them."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from msvc_pulumi.engine import plugins
from msvc_pulumi.engine.plugins import KUBERNETES, LANGUAGE_HOST, STAND_INS, choose
from msvc_pulumi.errors import ModelServiceError

Make = Callable[..., Path]
INSTALLED = version("pulumi-kubernetes")  # plain digits: what the lock has is no pre-release


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes an executable script and returns its path."""

    def write(path: str, text: str = "exit 1", *, mode: int = 0o755) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(mode)
        return file

    return write


@pytest.fixture
def pulumi(make: Make) -> Path:
    return make("cli/pulumi", 'echo "$@" >> "$(dirname "$0")/calls"; exit 1')


def environment(tmp_path: Path, *folders: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join(map(str, folders)) or str(tmp_path / "nothing")
    return {"PATH": path, "PULUMI_HOME": str(tmp_path / "home"), **more}


def test_stand_ins_where_there_is_nothing(pulumi: Path, tmp_path: Path) -> None:
    """Without any official plugin both stand-ins are used, and are last on PATH."""
    chosen = choose(pulumi, environment(tmp_path))
    assert {one.name for one in chosen.stand_ins} == {LANGUAGE_HOST, KUBERNETES}
    path = chosen.search_path("/a:/b").split(os.pathsep)
    assert path[:2] == ["/a", "/b"]
    assert {*path[2:]} == {str(folder) for folder in STAND_INS.values()}


@pytest.mark.parametrize(
    "place", ["path/", f"home/plugins/{KUBERNETES.removeprefix('pulumi-')}-v4.34.2/"]
)
def test_official_kubernetes_plugin_wins(
    place: str, make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """On PATH or installed, the official plugin is used and the stand-in is nowhere on PATH."""
    program = make(place + KUBERNETES)
    variables = environment(tmp_path, tmp_path / "path", STAND_INS[KUBERNETES])
    chosen = choose(pulumi, variables)
    assert chosen.kubernetes.path == program
    assert not chosen.kubernetes.stand_in
    assert str(STAND_INS[KUBERNETES]) not in chosen.search_path(variables["PATH"])


@pytest.mark.parametrize("place", ["path/", "cli/"])
def test_official_language_host_wins(place: str, make: Make, pulumi: Path, tmp_path: Path) -> None:
    """On PATH or beside the CLI, the official host is used and the stand-in is not on PATH."""
    program = make(place + LANGUAGE_HOST)
    chosen = choose(pulumi, environment(tmp_path, tmp_path / "path"))
    assert chosen.language_host.path == program
    assert str(STAND_INS[LANGUAGE_HOST]) not in chosen.search_path("/a")
    assert chosen.kubernetes.stand_in


def test_stand_in_is_never_taken_for_the_official_one(
    make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """A stand-in on PATH, also through a link, does not count; an official one after it does."""
    links = tmp_path / "links"
    links.mkdir()
    (links / KUBERNETES).symlink_to(STAND_INS[KUBERNETES] / KUBERNETES)
    variables = environment(tmp_path, links, STAND_INS[KUBERNETES], tmp_path / "path")
    assert choose(pulumi, variables).kubernetes.stand_in
    program = make(f"path/{KUBERNETES}")
    assert choose(pulumi, variables).kubernetes.path == program


@pytest.mark.parametrize("broken", ["not executable", "partial", "ambient ignored"])
def test_what_the_engine_would_not_use_does_not_count(
    broken: str, make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """A file without its mode bits, a half download, and PATH where the user switched it off."""
    variables = environment(tmp_path, tmp_path / "path")
    if broken == "not executable":
        make(f"path/{KUBERNETES}", mode=0o644)
    elif broken == "partial":
        make(f"home/plugins/resource-kubernetes-v4.34.2/{KUBERNETES}")
        (tmp_path / "home/plugins/resource-kubernetes-v4.34.2.partial").touch()
    else:
        make(f"path/{KUBERNETES}")
        variables["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    assert choose(pulumi, variables).kubernetes.stand_in


def test_a_real_installation_is_asked_to_install(make: Make, tmp_path: Path) -> None:
    """Beside the official language host, pulumi installs the plugin before any stand-in is used."""
    home = tmp_path / "home/plugins/resource-kubernetes-v4.34.2"
    script = f'mkdir -p "{home}"; printf "#!/bin/sh\\n" > "{home}/{KUBERNETES}"; '
    script += f'chmod +x "{home}/{KUBERNETES}"; echo "$@" > "{tmp_path}/calls"'
    pulumi = make("cli/pulumi", script)
    make(f"cli/{LANGUAGE_HOST}")
    variables = {**environment(tmp_path), "PATH": f"{tmp_path}/nothing:/usr/bin:/bin"}
    chosen = choose(pulumi, variables)
    assert chosen.stand_ins == ()
    assert chosen.kubernetes.path == home / KUBERNETES
    assert (tmp_path / "calls").read_text() == f"plugin install resource kubernetes {INSTALLED}\n"


def test_nothing_is_installed_for_a_cli_of_our_own(pulumi: Path, tmp_path: Path) -> None:
    """A pulumi that came alone, as one built from its module, is not asked to install."""
    choose(pulumi, environment(tmp_path))
    assert not (pulumi.parent / "calls").exists()


def test_missing_stand_in_is_a_diagnostic(
    pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither is there, as in an installed wheel, the error says how to get the plugin."""
    monkeypatch.setitem(plugins.STAND_INS, KUBERNETES, tmp_path / "nowhere")
    with pytest.raises(ModelServiceError) as caught:
        choose(pulumi, environment(tmp_path))
    assert caught.value.diagnostics[0].code == "plugin-missing"
    assert getattr(caught.value, "exit_code", 1) == 3
