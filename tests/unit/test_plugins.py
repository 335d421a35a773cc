"""Which plugins a run uses: the user's wherever the engine would find them."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from msvc_pulumi.engine.tools import plugins
from msvc_pulumi.engine.tools.plugins import (
    KUBERNETES,
    LANGUAGE_HOST,
    STAND_IN,
    PluginError,
    Plugins,
    choose,
)
from msvc_pulumi.engine.tools.programs import TOOLS
from msvc_pulumi.engine.tools.toolchain import Toolchain
from msvc_pulumi.errors import ModelServiceError

Make = Callable[..., Path]
Choose = Callable[[Path, dict[str, str]], Plugins]
BUILT = Path("/built") / KUBERNETES
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
    return make("cli/pulumi", 'echo "$@" >> "${0%/*}/calls"; exit 1')


def environment(tmp_path: Path, *folders: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join(map(str, folders)) or str(tmp_path / "nothing")
    return {"PATH": path, "PULUMI_HOME": str(tmp_path / "home"), **more}


@pytest.fixture
def built() -> list[str]:
    """What `chosen` had built."""
    return []


@pytest.fixture
def chosen(built: list[str]) -> Choose:
    """`choose`, which builds nothing."""

    def build(name: str) -> Path:
        built.append(name)
        return BUILT

    return lambda pulumi, variables: choose(pulumi, variables, build)


def test_ours_where_there_is_nothing(
    chosen: Choose, built: list[str], pulumi: Path, tmp_path: Path
) -> None:
    """Without any of the user's our host and what was built are used, and are last on PATH."""
    found = chosen(pulumi, environment(tmp_path))
    assert [one.name for one in found.ours] == [LANGUAGE_HOST, KUBERNETES]
    assert built == [KUBERNETES]
    assert found.search_path("/a:/b").split(os.pathsep) == [
        *("/a", "/b", str(STAND_IN.parent), str(BUILT.parent))
    ]


@pytest.mark.parametrize(
    "place", ["path/", f"home/plugins/{KUBERNETES.removeprefix('pulumi-')}-v4.34.2/"]
)
def test_installed_kubernetes_plugin_wins(  # noqa: PLR0917  fixtures
    place: str, chosen: Choose, built: list[str], make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """On PATH or installed, it is used and none is built."""
    program = make(place + KUBERNETES)
    variables = environment(tmp_path, tmp_path / "path")
    found = chosen(pulumi, variables)
    assert (found.kubernetes.path, found.kubernetes.ours) == (program, False)
    assert built == []
    assert str(BUILT.parent) not in found.search_path(variables["PATH"])


@pytest.mark.parametrize("place", ["path/", "cli/"])
def test_installed_language_host_wins(
    place: str, chosen: Choose, make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """On PATH or beside the CLI, the official host is used and the stand-in is not on PATH."""
    program = make(place + LANGUAGE_HOST)
    variables = environment(tmp_path, tmp_path / "path", STAND_IN.parent)
    found = chosen(pulumi, variables)
    assert (found.language_host.path, found.language_host.ours) == (program, False)
    assert str(STAND_IN.parent) not in found.search_path(variables["PATH"])


def test_stand_in_is_never_taken_for_the_official_host(
    chosen: Choose, make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """On PATH, also through a link, it does not count; an official one after it does."""
    links = tmp_path / "links"
    links.mkdir()
    (links / LANGUAGE_HOST).symlink_to(STAND_IN)
    variables = environment(tmp_path, links, STAND_IN.parent, tmp_path / "path")
    assert chosen(pulumi, variables).language_host.ours
    program = make(f"path/{LANGUAGE_HOST}")
    assert chosen(pulumi, variables).language_host.path == program


@pytest.mark.parametrize("broken", ["not executable", "partial", "ambient ignored"])
def test_what_the_engine_would_not_use_does_not_count(
    broken: str, chosen: Choose, make: Make, pulumi: Path, tmp_path: Path
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
    assert chosen(pulumi, variables).kubernetes.ours


def test_a_real_installation_is_asked_to_install(
    chosen: Choose, built: list[str], make: Make, tmp_path: Path
) -> None:
    """Beside the official language host, pulumi installs the plugin before any is built."""
    home = tmp_path / "home/plugins/resource-kubernetes-v4.34.2"
    script = f'mkdir -p "{home}"; printf "#!/bin/sh\\n" > "{home}/{KUBERNETES}"; '
    script += f'chmod +x "{home}/{KUBERNETES}"; echo "$@" > "{tmp_path}/calls"'
    pulumi = make("cli/pulumi", script)
    make(f"cli/{LANGUAGE_HOST}")
    variables = {**environment(tmp_path), "PATH": f"{tmp_path}/nothing:/usr/bin:/bin"}
    found = chosen(pulumi, variables)
    assert found.ours == ()
    assert found.kubernetes.path == home / KUBERNETES
    assert (tmp_path / "calls").read_text() == f"plugin install resource kubernetes {INSTALLED}\n"
    assert built == []


def test_where_installing_fails_it_is_built(
    chosen: Choose, built: list[str], make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """A real installation that cannot reach Pulumi's server gets the plugin of the registry."""
    make(f"cli/{LANGUAGE_HOST}")
    found = chosen(pulumi, environment(tmp_path))
    assert [one.name for one in found.ours] == built == [KUBERNETES]
    assert (pulumi.parent / "calls").exists()


def test_nothing_is_installed_for_a_cli_of_our_own(
    chosen: Choose, pulumi: Path, tmp_path: Path
) -> None:
    """A pulumi that came alone, as one built from its module, is not asked to install."""
    chosen(pulumi, environment(tmp_path))
    assert not (pulumi.parent / "calls").exists()


def test_missing_language_host_is_a_diagnostic(
    chosen: Choose, pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not even ours is there, as in an installed wheel, the error says how to get one."""
    monkeypatch.setattr(plugins, "STAND_IN", tmp_path / "nowhere" / LANGUAGE_HOST)
    with pytest.raises(ModelServiceError) as caught:
        chosen(pulumi, environment(tmp_path))
    assert caught.value.diagnostics[0].code == "plugin-missing"
    assert getattr(caught.value, "exit_code", 1) == 3


def test_a_plugin_that_cannot_be_built_is_a_diagnostic(
    make: Make, pulumi: Path, tmp_path: Path
) -> None:
    """An installed wheel has nothing to build from; the error says how to install the plugin."""
    make(f"cli/{LANGUAGE_HOST}")
    toolchain = Toolchain(tmp_path / "nowhere", tmp_path / "cache")
    with pytest.raises(PluginError) as caught:
        choose(pulumi, environment(tmp_path), lambda name: toolchain.find_or_build(TOOLS[name]))
    [found] = caught.value.diagnostics
    assert found.code == "plugin-missing"
    assert "plugin install resource kubernetes 4.34.2" in found.help
