"""What pyproject.toml cannot say: the plugin folder of the wheel is not that of a checkout.

A checkout's plugin gets an environment of its own from ``components/requirements.txt``. That of a
wheel runs in the environment in which the wheel is.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# From <environment>/lib/python3.x/site-packages/msvc_pulumi/components.
ENVIRONMENT = "../../../../.."


class BuildPackages(build_py):
    """Copies the packages, and says in the copy where the plugin's environment is."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib, "msvc_pulumi", "components")
        (folder / "requirements.txt").unlink(missing_ok=True)
        plugin = folder / "PulumiPlugin.yaml"
        text = plugin.read_text(encoding="utf-8")
        plugin.unlink()  # it may be a link to the checkout's
        plugin.write_text(text.replace("virtualenv: .venv", f"virtualenv: {ENVIRONMENT}"))


setup(cmdclass={"build_py": BuildPackages})
