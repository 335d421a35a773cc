"""Which Kubernetes SDK is installed, and what is said where there is none."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from msvc_pulumi.engine.tools.sdk import SdkError, kubernetes_version


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    kubernetes_version.cache_clear()
    yield
    kubernetes_version.cache_clear()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A site-packages in place of ours, with Pulumi's own SDK in it."""
    (tmp_path / "pulumi").mkdir()
    (tmp_path / "pulumi" / "__init__.py").touch()
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("pulumi")]:
        monkeypatch.delitem(sys.modules, name)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "path", [str(tmp_path)])
        importlib.invalidate_caches()
        yield tmp_path
    importlib.invalidate_caches()


def test_the_installed_one_is_told() -> None:
    """The version is that of the package, and that which its own classes tell the engine."""
    from pulumi_kubernetes import _utilities

    assert kubernetes_version() == version("pulumi-kubernetes") == _utilities.get_version()


@pytest.mark.parametrize("told", ["4.30.0", "5.0.0-alpha.1+abc"])
def test_any_other_is_told_as_its_file_says(installation: Path, told: str) -> None:
    """It is not imported: what would fail then does not."""
    folder = installation / "pulumi_kubernetes"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemError('imported')")
    (folder / "pulumi-plugin.json").write_text(json.dumps({"name": "kubernetes", "version": told}))
    assert kubernetes_version() == told


@pytest.mark.parametrize("missing", ["pulumi", "pulumi-kubernetes"])
def test_what_is_missing_is_said(installation: Path, missing: str) -> None:
    """One diagnostic names the package and how to install it."""
    if missing == "pulumi":
        (installation / "pulumi" / "__init__.py").unlink()
    with pytest.raises(SdkError, match=f"{missing} is not installed") as caught:
        kubernetes_version()
    assert "msvc-pulumi[pulumi" in caught.value.diagnostics[0].help
