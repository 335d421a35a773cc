"""What every test may rely on, however the suite was started."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shell starts background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.default_int_handler)  # or control planes would stay

# Most Go programs here live for seconds and have small heaps; at Go's own setting, collecting those
# takes a fifth of their processor time.
os.environ.setdefault("GOGC", "400")

# A busy machine is no failure: how fast inputs come, and how long one takes, says nothing of what
# is tested. The rest is as hypothesis has it here: in CI the same draws each time.
settings.register_profile(
    "busy",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy")

TESTS = Path(__file__).parent
SHARING = ("operator", "routing", "differential", "engine")
"""Folders whose tests share a control plane, in the order in which they run."""
LONGEST = (
    *("operator/test_unguarded", "operator/test_pko", "operator/test_life"),
    *("operator/test_storage", "operator/test_deletion", "operator/test_leader"),
    *("operator/test_drift", "operator/test_chaos", "operator/test_claims"),
    *("operator/test_namespaced", "operator/test_reach", "operator/test_names"),
    *("engine/test_documentation", "engine/test_package", "engine/test_program"),
    *("engine/test_kills", "engine/test_faults", "engine/test_claims", "engine/test_image"),
    *("engine/test_adoption", "engine/test_features", "engine/test_component"),
)
"""Files that take longest, longest first; one that began last would keep the others waiting. Behind
one of fewer than three tests the next is sent to the same worker at once: a short one."""


class Announcement:
    """Names a test as soon as it has failed: the summary may come minutes later."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    @pytest.hookimpl(trylast=True)  # after its letter
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._terminal.write(f"\n{report.nodeid} failed ({report.when})\n")


@pytest.hookimpl(trylast=True)  # the terminal has its reporter
def pytest_configure(config: pytest.Config) -> None:
    if terminal := config.pluginmanager.get_plugin("terminalreporter"):  # workers have none
        config.pluginmanager.register(Announcement(terminal))


class Folder(pytest.Package):
    """A folder whose fixtures of scope "package" end after its last test."""

    def setup(self) -> None:  # there is no __init__.py, which would give modules other names
        pass


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    shared = path.parent == TESTS and path.name in SHARING
    return Folder.from_parent(parent, path=path) if shared else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> tuple[int, int]:
        folder, file = item.path.parent.name, f"{item.path.parent.name}/{item.path.stem}"
        return (
            SHARING.index(folder) if folder in SHARING else -1,
            LONGEST.index(file) if file in LONGEST else len(LONGEST),
        )

    items.sort(key=place)
