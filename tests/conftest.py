"""What every test may rely on, however the suite was started."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A shell starts background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure: how fast inputs come, and how long one takes, says nothing of what
# is tested. The rest is as hypothesis has it here: in CI the same draws each time.
settings.register_profile(
    "busy",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy")
