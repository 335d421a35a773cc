"""Tools come from PATH or a cache, are built once by a real Go, and a failure names its remedy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from msvc_pulumi.engine.tools import building, gobuild
from msvc_pulumi.engine.tools.buildtimes import BuildTimes
from msvc_pulumi.engine.tools.programs import CRD_SETS, TOOLS, Tool
from msvc_pulumi.engine.tools.toolchain import Toolchain, ToolError, default_cache

MODULE = "module example.invalid/hello\n\ngo 1.21\n"
PROGRAM = """package main

import "fmt"

var greeting = "unset"

func main() { fmt.Println(greeting) }
"""
VERSION = "v1.2.3"

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="builds with the real Go")

HELLO = Tool(
    "hello",
    "hello",
    "example.invalid/pinned",
    "example.invalid/hello",
    stamps=("main.greeting={version}-{major}-{minor}",),
    size=1 << 20,
    instead="install hello",
)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A tools folder with one module, which pins a version of another it does not import."""
    folder = tmp_path / "tools" / "hello"
    folder.mkdir(parents=True)
    # Replaced by a folder, so that no network is needed.
    pinned = folder / "pinned"
    pinned.mkdir()
    (pinned / "go.mod").write_text("module example.invalid/pinned\n\ngo 1.21\n")
    (folder / "go.mod").write_text(
        f"{MODULE}\nrequire example.invalid/pinned {VERSION} // the version of hello\n\n"
        "replace example.invalid/pinned => ./pinned\n"
    )
    (folder / "go.sum").write_text("")
    (folder / "main.go").write_text(PROGRAM)
    return tmp_path / "tools"


@pytest.fixture
def told() -> list[str]:
    """The progress lines of `toolchain`."""
    return []


@pytest.fixture
def toolchain(sources: Path, tmp_path: Path, told: list[str]) -> Toolchain:
    return Toolchain(sources, tmp_path / "cache", told.append)


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PATH is one folder with nothing in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def code_of(error: pytest.ExceptionInfo[ToolError]) -> str:
    [diagnostic] = error.value.diagnostics
    assert diagnostic.help
    return diagnostic.code


@needs_go
def test_a_tool_is_built_once_and_knows_its_version(toolchain: Toolchain, told: list[str]) -> None:
    """The program runs, says the version of go.mod, and is not built a second time."""
    program = toolchain.find_or_build(HELLO)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    before = (program, program.stat().st_mtime_ns, len(told))

    again = toolchain.find_or_build(HELLO)

    assert said == f"{VERSION}-1-2\n"
    assert before == (again, again.stat().st_mtime_ns, len(told))
    assert program.parent.parent == toolchain.cache
    assert program.parent.name.startswith(f"hello-{VERSION}-")


@needs_go
def test_two_at_once_build_once(toolchain: Toolchain) -> None:
    """Of several commands that need the same tool, one builds and the others wait for it."""
    told: list[list[str]] = [[], [], []]
    chains = [replace(toolchain, progress=lines.append) for lines in told]
    threads = [threading.Thread(target=chain.find_or_build, args=[HELLO]) for chain in chains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert toolchain.find(HELLO)
    assert sum(any("built hello" in line for line in lines) for lines in told) == 1
    assert not list(toolchain.cache.glob(".*.partial"))


@needs_go
def test_a_failed_build_names_its_log_and_leaves_nothing(
    toolchain: Toolchain, sources: Path
) -> None:
    """A build that fails shows the compiler's words and where the rest is; nothing is cached."""
    (sources / "hello" / "main.go").write_text("package main\nfunc main() { broken }\n")

    with pytest.raises(ToolError) as failed:
        toolchain.find_or_build(HELLO)

    [problem] = failed.value.diagnostics
    assert problem.code == "tool-build-failed"
    assert any("undefined: broken" in note for note in problem.notes)
    [log] = (toolchain.cache / "logs").iterdir()
    assert str(log) in problem.notes[-1]
    assert toolchain.find(HELLO) is None
    assert not list(toolchain.cache.glob(".*.partial"))


@needs_go
def test_what_is_built_is_told_before_and_counted(
    toolchain: Toolchain, sources: Path, told: list[str]
) -> None:
    """All that is missing, where it was looked for and about how long it takes come first."""
    shutil.copytree(sources / "hello", sources / "other")
    tools = [HELLO, replace(HELLO, name="again"), replace(HELLO, name="other", folder="other")]

    found = toolchain.find_or_build_all(tools)

    assert {tool.name: toolchain.entry(tool) / tool.name for tool in tools} == found
    assert told[0].endswith(f"hello {VERSION}, again {VERSION}, other {VERSION}")
    assert str(toolchain.cache) in told[1]
    assert "about" in told[2] and "on this machine" in told[2]
    built = [line for line in told[4:] if " built " in line]
    assert sorted(line[:8] for line in built) == ["[1 of 3]", "[2 of 3]", "[3 of 3]"]
    # Two of one go.mod follow one another.
    place = {name: next(n for n, line in enumerate(built) if f" {name} " in line) for name in found}
    assert place["hello"] < place["again"]


@needs_go
def test_builds_of_different_modules_run_at_once(
    toolchain: Toolchain, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where processors and memory allow it, each waits for the other here."""
    monkeypatch.setattr(building.machine, "processors", lambda: 2.0)
    monkeypatch.setattr(building, "_by_memory", lambda: 2)
    real = shutil.which("go")
    hold = tmp_path / "bin"
    hold.mkdir()
    script(
        hold / "go",
        f'[ "$1" = build ] && {{ touch {tmp_path}/$(basename $PWD).began; '
        f"until [ -e {tmp_path}/hello.began -a -e {tmp_path}/other.began ]; do sleep 0.05; "
        f"done; }}\n"
        f'exec {real} "$@"',
    )
    monkeypatch.setenv("PATH", f"{hold}{os.pathsep}{os.environ['PATH']}")
    shutil.copytree(sources / "hello", sources / "other")

    toolchain.find_or_build_all([HELLO, replace(HELLO, name="other", folder="other")])


@needs_go
def test_a_lost_network_is_tried_again(
    toolchain: Toolchain,
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A download that broke off is begun again, and that is said; what is refused is not."""
    real = shutil.which("go")
    hold = tmp_path / "bin"
    hold.mkdir()
    script(
        hold / "go",
        f'[ "$1" = list ] && [ "$GOPROXY" != off ] && ! [ -e {tmp_path}/lost ] && '
        f"{{ touch {tmp_path}/lost; echo 'Get: dial tcp: i/o timeout' >&2; exit 1; }}\n"
        f'exec {real} "$@"',
    )
    monkeypatch.setenv("PATH", f"{hold}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(gobuild, "PAUSES", (0.01,))

    assert toolchain.find_or_build(HELLO).is_file()
    assert any("i/o timeout" in line and "trying again" in line for line in told)


def test_what_builds_took_is_known_the_next_time(tmp_path: Path) -> None:
    """A slower machine expects more, of all tools; a file that is broken is none."""
    other = replace(HELLO, name="other", cost=50.0)
    first = BuildTimes.read(tmp_path)
    first.note(HELLO, 200, 200, HELLO.cost * 3)
    first.note(other, 5, 200, 1000.0)  # says nothing of the whole

    again = BuildTimes.read(tmp_path)

    assert again.seconds(HELLO, 1.0) == pytest.approx(HELLO.cost * 3)
    assert again.seconds(other, 1.0) == pytest.approx(150.0)
    assert 0 < again.seconds(HELLO, 0.0) < again.seconds(HELLO, 0.5) < again.seconds(HELLO, 1.0)
    (tmp_path / "buildtimes.json").write_text("[")
    assert BuildTimes.read(tmp_path).seen == {}


@needs_go
@pytest.mark.parametrize(
    ("go_mod", "settings", "code"),
    [
        ("go 9.99", {"GOTOOLCHAIN": "local"}, "go-too-old"),
        (
            "go 1.21\n\nrequire example.invalid/absent v1.0.0",
            {"GOPROXY": "off", "GOFLAGS": "-mod=mod"},
            "modules-unreachable",
        ),
        (
            "go 1.21\n\nrequire example.invalid/absent v1.0.0",
            {"GOPROXY": "http://127.0.0.1:9", "GOFLAGS": "-mod=mod", "GONOSUMDB": "*"},
            "modules-unreachable",
        ),
    ],
    ids=["old", "offline", "unreachable"],
)
def test_what_is_missing_has_a_code_of_its_own(
    toolchain: Toolchain,
    monkeypatch: pytest.MonkeyPatch,
    go_mod: str,
    settings: dict[str, str],
    code: str,
) -> None:
    """Go's many ways to say it are told apart by what a user can do about them."""
    folder = toolchain.sources / "hello"
    stated = (folder / "go.mod").read_text()
    (folder / "go.mod").write_text(stated.replace("go 1.21", go_mod))
    monkeypatch.setattr(gobuild, "PAUSES", ())
    program = PROGRAM.replace('"fmt"', '"fmt"\nimport _ "example.invalid/absent"')
    (folder / "main.go").write_text(program)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ToolError) as failed:
        toolchain.find_or_build(HELLO)

    assert code_of(failed) == code


@needs_go
def test_a_full_disk_is_seen_before_the_build(toolchain: Toolchain, told: list[str]) -> None:
    """Not enough space is said with how much is needed, free and where, before any work."""
    with pytest.raises(ToolError) as failed:
        toolchain.find_or_build(replace(HELLO, size=1 << 60))

    assert code_of(failed) == "disk-full"
    assert not told


def test_without_go_both_ways_are_named(toolchain: Toolchain, empty_path: Path) -> None:
    """No Go: the tool that needs it, how to get Go, and how to do without."""
    with pytest.raises(ToolError) as failed:
        toolchain.find_or_build(HELLO)

    [problem] = failed.value.diagnostics
    assert problem.code == "go-missing"
    assert "hello" in problem.summary
    assert "go.dev" in problem.help
    assert "install hello" in problem.help


def test_a_cached_tool_needs_no_go(toolchain: Toolchain, empty_path: Path) -> None:
    """What has been built before is found with nothing on PATH."""
    entry = toolchain.entry(HELLO)
    entry.mkdir(parents=True)
    (entry / "hello").touch()

    assert toolchain.find_or_build(HELLO) == entry / "hello"


@pytest.mark.parametrize("change", ["go.mod", "go.sum", "stamps", "assets"])
def test_whatever_changes_the_program_changes_its_place(
    toolchain: Toolchain, sources: Path, change: str
) -> None:
    """Version, checksums, linker flags and kept files are all part of the cache key."""
    before = toolchain.entry(HELLO)
    assert before == toolchain.entry(HELLO)
    tool = HELLO
    if change == "stamps":
        tool = replace(HELLO, stamps=("main.greeting=other",))
    elif change == "assets":
        tool = replace(HELLO, assets=("other",))
    else:
        with (sources / "hello" / change).open("a") as file:
            file.write("\n// changed\n")

    assert before != toolchain.entry(tool)


def test_path_wins_for_the_tools_that_say_so(toolchain: Toolchain, empty_path: Path) -> None:
    """A program on PATH is used where that is preferred, and not otherwise."""
    script(empty_path / "hello", "exit 0")

    assert toolchain.find(replace(HELLO, from_path=True)) == empty_path / "hello"
    assert toolchain.find(HELLO) is None


@pytest.mark.parametrize(
    ("answer", "used"),
    [
        ("echo v3.230.0", True),
        ("echo v3.250.1-alpha.1+abc", True),
        ("echo v4.0.0", True),
        ("echo v3.229.9", False),
        ("echo nonsense", False),
        ("exit 1", False),
    ],
)
def test_only_a_recent_pulumi_is_used(
    toolchain: Toolchain, told: list[str], empty_path: Path, answer: str, used: bool
) -> None:
    """A pulumi on PATH that is too old or broken is passed over, and that is said."""
    script(empty_path / "pulumi", answer)
    pulumi = replace(HELLO, name="pulumi", from_path=True)

    found = toolchain.find(pulumi)

    assert (found == empty_path / "pulumi") is used
    assert any("is not used" in line for line in told) is not used


def test_missing_sources_are_explained(tmp_path: Path) -> None:
    """Installed without its repository, the package says where tools can come from."""
    with pytest.raises(ToolError) as failed:
        Toolchain(tmp_path, tmp_path / "cache").find_or_build(HELLO)

    assert code_of(failed) == "tool-sources-missing"


def test_an_unwritable_cache_is_explained(sources: Path, tmp_path: Path) -> None:
    """A cache that cannot be made is one diagnostic, not a traceback."""
    (tmp_path / "file").touch()

    with pytest.raises(ToolError) as failed:
        Toolchain(sources, tmp_path / "file" / "cache").find_or_build(HELLO)

    assert code_of(failed) == "cache-unwritable"


def test_the_cache_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME moves the cache; an empty one counts as unset."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "msvc-pulumi" / "tools"

    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_cache() == Path.home() / ".cache" / "msvc-pulumi" / "tools"


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_every_tool_is_pinned(tool: Tool) -> None:
    """The version of each tool is in its go.mod, and its module's checksum in go.sum."""
    toolchain = Toolchain()
    version = toolchain.version(tool)

    assert version.startswith("v")
    assert (
        f"{tool.module} {version} h1:" in (toolchain.sources / tool.folder / "go.sum").read_text()
    )


@pytest.mark.parametrize("name", CRD_SETS)
def test_every_set_of_definitions_is_pinned(name: str) -> None:
    """Each set's module is required by tools/crds/go.mod, and its content is in go.sum."""
    folder = Toolchain().sources / "crds"
    module, _ = CRD_SETS[name]
    lines = [line.split() for line in (folder / "go.mod").read_text().splitlines()]
    pinned = next(words[1] for words in lines if words[:1] == [module])
    for words in lines:
        if words[:2] == ["replace", module]:
            module, pinned = words[3:]

    assert f"{module} {pinned} h1:" in (folder / "go.sum").read_text()


@needs_go
def test_an_interrupted_build_leaves_no_compiler(sources: Path, tmp_path: Path) -> None:
    """Interrupting the command ends the build with all its processes, and nothing is cached."""
    # A build long enough to be interrupted would take minutes: here Go itself is held up.
    hold = tmp_path / "bin"
    hold.mkdir()
    real = shutil.which("go")
    script(
        hold / "go",
        f'[ "$1" = build ] && {{ echo $$ > {tmp_path}/pid; exec sleep 60; }}\nexec {real} "$@"',
    )
    program = f"""
from pathlib import Path
from msvc_pulumi.engine.tools.toolchain import Toolchain
from msvc_pulumi.engine.tools.programs import Tool
Toolchain(Path({str(sources)!r}), Path({str(tmp_path / "cache")!r})).find_or_build(
    Tool("hello", "hello", "example.invalid/pinned", "example.invalid/hello", size=1))
"""
    environment = {**os.environ, "PATH": f"{hold}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True
    ) as command:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert command.poll() is None
        command.send_signal(2)
        command.communicate(timeout=10)

    builder = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(builder, 0)
    assert not [path for path in (tmp_path / "cache").glob("*hello*") if path.is_dir()]
