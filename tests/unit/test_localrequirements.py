"""What a local control plane needs is looked for before anything is built or started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.local import LocalControlPlane, plane, requirements


@pytest.fixture(autouse=True)
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object, **__: object) -> None:
        raise AssertionError("it was about to build")

    monkeypatch.setattr(plane, "find_or_build_all", build)


def code_of(tmp_path: Path) -> str:
    with pytest.raises(ModelServiceError) as refused:
        LocalControlPlane(tmp_path / "local", progress=lambda line: None).up()
    [problem] = refused.value.diagnostics
    assert problem.help
    return problem.code


def test_the_http_client_is_missed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert code_of(tmp_path) == "cluster-client-missing"
    assert not (tmp_path / "local").exists()


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "SPACE", 1 << 60)
    assert code_of(tmp_path) == "disk-full"


def test_a_folder_that_cannot_be_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "local").symlink_to(tmp_path / "file" / "local")
    (tmp_path / "file").touch()
    assert code_of(tmp_path) == "local-system"
