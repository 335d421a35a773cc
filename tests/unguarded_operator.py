"""``msvc`` with the planners of `unguarded`; for nothing but tests."""

import sys
from functools import partial

from msvc_pulumi.cli import main
from msvc_pulumi.operator import operation
from msvc_pulumi.operator.planning.bounds import Bounds

# Slow plans get a tenth of a busy machine, one after the other: 2 s of each would last minutes.
BOUNDS = Bounds(seconds=0.7)

if __name__ == "__main__":
    operation.Planners = partial(  # type: ignore[assignment,misc]
        operation.Planners, most=BOUNDS, act="unguarded:plan"
    )
    sys.exit(main())
