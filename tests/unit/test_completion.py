"""Completion in the shells that are here: commands, options, values, codes and files."""

from __future__ import annotations

import importlib.util
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from msvc_pulumi.cli import main
from msvc_pulumi.completions import SHELLS, script

ROOT = Path(__file__).resolve().parents[2]
END = "end-of-answer"
CASES = [
    ("msvc gen", {"generate"}),
    ("msvc comp", {"completion"}),
    ("msvc graph --ou", {"--output"}),
    ("msvc generate --inference-api v1a", {"v1alpha2"}),
    ("msvc explain template-s", {"template-structure", "template-syntax"}),
    ("msvc explain spec.routing.m", {"spec.routing.modelName"}),
    ("msvc init --routing v1a", {"v1alpha2"}),
    ("msvc completion z", {"zsh"}),
]


def here(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


def test_the_scripts_are_those_of_the_command_line() -> None:
    """`make completions` makes them again."""
    spec = importlib.util.spec_from_file_location("made", ROOT / "tools" / "completions.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.scripts()
    assert set(made) == {f"msvc.{shell}" for shell in SHELLS}
    for shell in SHELLS:
        assert script(shell) == made[f"msvc.{shell}"], "run `make completions`"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_them(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == script(shell)


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What bash completes for each case, and for a file."""
    folder = tmp_path_factory.mktemp("bash")
    (folder / "services.yaml").write_text("")
    lines = [line for line, _ in CASES] + ["msvc generate -m serv"]
    text = script("bash") + "\n"
    for line in lines:
        words = line.split()
        text += f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; COMPREPLY=()\n"
        text += 'function_of=$(complete -p msvc | sed "s/.*-F \\([^ ]*\\).*/\\1/")\n'
        text += '"$function_of"; echo "${COMPREPLY[@]}"\n'
    done = subprocess.run(
        [here("bash"), "--norc"], input=text, capture_output=True, text=True, cwd=folder, check=True
    )
    assert done.stderr == ""
    return {
        line: set(out.split()) for line, out in zip(lines, done.stdout.splitlines(), strict=True)
    }


@pytest.fixture(scope="module")
def fish(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    folder = tmp_path_factory.mktemp("fish")
    (folder / "services.yaml").write_text("")
    lines = [line for line, _ in CASES] + ["msvc generate -m serv"]
    (folder / "msvc.fish").write_text(script("fish"))
    text = "source msvc.fish\n" + "".join(f"complete -C '{one}'; echo {END}\n" for one in lines)
    done = subprocess.run(
        [here("fish"), "--no-config", "-c", text],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        check=True,
    )
    assert done.stderr == ""
    blocks = done.stdout.split(f"{END}\n")[: len(lines)]
    answers = [{item.partition("\t")[0] for item in block.splitlines()} for block in blocks]
    return dict(zip(lines, answers, strict=True))


@pytest.mark.parametrize(("line", "wanted"), CASES)
def test_bash_completes(line: str, wanted: set[str], bash: dict[str, set[str]]) -> None:
    assert bash[line] == wanted


@pytest.mark.parametrize(("line", "wanted"), CASES)
def test_fish_completes(line: str, wanted: set[str], fish: dict[str, set[str]]) -> None:
    assert fish[line] == wanted


def test_files_are_completed(bash: dict[str, set[str]], fish: dict[str, set[str]]) -> None:
    for known in (bash, fish):
        assert known["msvc generate -m serv"] == {"services.yaml"}


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("msvc gen\t", "msvc generate "),
        ("msvc explain template-u\t", "msvc explain template-unprintable "),
        ("msvc generate -m serv\t", "msvc generate -m services.yaml "),
    ],
)
def test_zsh_completes(typed: str, shown: str, tmp_path: Path) -> None:
    """Typed into a real one, since only its line editor completes."""
    shell = here("zsh")
    (tmp_path / "_msvc").write_text(script("zsh"))
    (tmp_path / "services.yaml").write_text("")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ.update(HOME=str(tmp_path), TERM="dumb", ZDOTDIR=str(tmp_path))
        os.execv(shell, [shell, "-f", "-i"])  # noqa: S606
    try:
        ready = "fpath=($PWD $fpath); autoload -U compinit; compinit -u; PS1=; echo rea''dy\n"
        os.write(terminal, ready.encode())
        assert "ready" in _until(terminal, "ready")
        os.write(terminal, typed.encode())
        assert shown in _until(terminal, shown)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _until(terminal: int, wanted: str) -> str:
    """What the terminal shows until ``wanted`` is in it, or for half a minute."""
    shown, end = "", time.monotonic() + 30
    while wanted not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 1 << 16).decode(errors="replace")
            shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\x07\r]", "", shown)
    return shown
