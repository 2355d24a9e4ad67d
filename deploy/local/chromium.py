"""The Chromium that tests of the page drive: that of Debian's package."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.local.services import NothingToRunOn


def program() -> Path:
    """Where it is. Raises :class:`NothingToRunOn` where there is none."""
    found = shutil.which("chromium")
    if found is None:
        raise NothingToRunOn("Chromium is not installed here: the Debian package chromium has it")
    return Path(found)
