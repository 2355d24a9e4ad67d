"""The LibreOffice with which tests open spreadsheets: Debian's package, without a display."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.services import NothingToRunOn, StartFailed

_LASTS = 170.0
"""Seconds within which a file is converted, the start of the program among them, on a busy machine."""


class LibreOffice:
    """Converts files. It keeps its settings in a folder of its own, so that nobody's running one is asked instead."""

    def __init__(self, program: Path, profile: Path) -> None:
        self._program = program
        self._profile = profile

    def convert(self, file: Path, form: str, into: Path) -> Path:
        """Opens ``file`` and saves it as ``form``, such as ``fods``, in the folder ``into``. Raises ``StartFailed``."""
        command = [str(self._program), f"-env:UserInstallation={self._profile.as_uri()}", "--headless", "--norestore"]
        command += ["--convert-to", form, "--outdir", str(into), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LASTS)
        made = into / f"{file.stem}.{form}"
        if not made.exists():
            raise StartFailed(f"LibreOffice did not convert {file.name}: {done.stdout}{done.stderr}")
        return made


@contextmanager
def libreoffice() -> Iterator[LibreOffice]:
    """For the length of the block. Raises :class:`NothingToRunOn` where there is none."""
    found = shutil.which("soffice")
    if found is None:
        raise NothingToRunOn("LibreOffice is not installed here: the Debian package libreoffice-calc has it")
    with TemporaryDirectory(prefix="change-order-relay-office-") as folder:
        yield LibreOffice(Path(found), Path(folder))
