"""Who acts, and why: what every audit entry says."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress

from operations.errors import WrongUsage


def operator(who: str | None) -> str:
    """The name given, or that of the operating system's user. Raises ``WrongUsage`` for an empty one."""
    if who is not None:
        if not who.strip():
            raise WrongUsage("--who names nobody")
        return who.strip()
    with suppress(KeyError, OSError, ImportError):  # a container's user need not have a name
        return getpass.getuser()
    return f"uid {os.getuid()}"


def stated(why: str) -> str:
    """The reason, without blanks around it. Raises ``WrongUsage`` where there is none."""
    if not why.strip():
        raise WrongUsage("--why says nothing: state the reason, it is kept for whoever asks later")
    return why.strip()
