"""``msvc`` with the planners of `unguarded`; for nothing but tests."""

import sys
from functools import partial

from msvc_pulumi.cli import main
from msvc_pulumi.operator import operation

if __name__ == "__main__":
    operation.Planners = partial(operation.Planners, act="unguarded:plan")  # type: ignore[assignment,misc]
    sys.exit(main())
