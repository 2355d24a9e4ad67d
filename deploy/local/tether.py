"""Becomes another program that ends with the process that started it.

Run as a script: ``tether.py PARENT COMMAND...``. The kernel's promise survives the exec, so the
program keeps this process's number. Where the kernel has no such promise (not Linux), the program
just runs; its starter still ends it in the ordinary ways.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tie_to(parent: int, signal_number: int = signal.SIGKILL) -> None:
    """Has the kernel send ``signal_number`` to this process when its parent ends."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the promise was made
        raise SystemExit(1)


if __name__ == "__main__":
    tie_to(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
