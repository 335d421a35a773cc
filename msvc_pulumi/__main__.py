"""``python -m msvc_pulumi`` is ``msvc``."""

import sys

from msvc_pulumi.cli import main

if __name__ == "__main__":
    sys.exit(main())
