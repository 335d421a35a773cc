"""`AttachedProvider`: one process of the stand-in Kubernetes plugin that serves all engines.

Starting the stand-in takes longer than most updates. The engine attaches to a plugin that runs
already if PULUMI_DEBUG_PROVIDERS names its port; the official plugin ends at the first engine that
leaves it, so that one is started by each engine as ever.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping

from msvc_pulumi.engine.plugins import Plugin

__all__ = ["AttachedProvider"]


class AttachedProvider:
    """Runs from the first use until `close`, or until this process ends. Thread-safe."""

    def __init__(self, plugin: Plugin, environment: Mapping[str, str]) -> None:
        self._plugin, self._environment = plugin, environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._port = ""

    def variables(self) -> dict[str, str]:
        """What tells an engine to attach to it; nothing if the plugin is not the stand-in.

        It is started again if it has ended.
        """
        if not self._plugin.stand_in:
            return {}
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return {"PULUMI_DEBUG_PROVIDERS": f"kubernetes:{self._port}"} if self._port else {}

    def close(self) -> None:
        """It has ended."""
        with self._lock:
            if self._process is not None:
                self._end(self._process)
                self._process = None

    def _start(self) -> None:
        if self._process is not None:
            self._end(self._process)
        # It ends with this process, however that ends.
        self._process = subprocess.Popen(
            [str(self._plugin.path)],
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the engines that it serves
        )
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        # No port if it ended at once: then each engine starts its own, and says what is wrong.
        self._port = self._process.stdout.readline().strip()

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        process.kill()  # it has nothing to put in order
        if process.stdout is not None:
            process.stdout.close()
        process.wait()
