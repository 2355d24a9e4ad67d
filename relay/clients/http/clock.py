"""The clock of deadlines and send windows."""

from __future__ import annotations

import time

# Where the kernel has no such clock, the monotonic one goes on during suspension (macOS).
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def running_seconds() -> float:
    """Seconds on a clock that never jumps and that goes on while the machine is suspended.

    A send window that is checked on it stays closed after a suspension; on the usual
    monotonic clock of Linux it would seem open still.
    """
    return time.clock_gettime(_CLOCK)
