"""The LibreOffice with which tests open spreadsheets: Debian's package, without a display."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.services import NothingToRunOn, StartFailed

_LASTS = 170.0
"""Seconds within which files are converted, the start of the program among them, on a busy machine."""
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""
"""Formulas are computed anew whenever a workbook is opened, whatever result stands beside them."""


class LibreOffice:
    """Converts files. It keeps its settings in a folder of its own, so that nobody's running one is asked instead."""

    def __init__(self, program: Path, profile: Path) -> None:
        self._program = program
        self._profile = profile

    def convert(self, files: Sequence[Path], form: str, into: Path) -> list[Path]:
        """Opens each file and saves it as ``form``, such as ``fods``, in ``into``. Raises ``StartFailed``."""
        command = [str(self._program), f"-env:UserInstallation={self._profile.as_uri()}", "--headless", "--norestore"]
        command += ["--convert-to", form, "--outdir", str(into), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LASTS)
        made = [into / f"{file.stem}.{form}" for file in files]
        if missing := [one.name for one in made if not one.exists()]:
            raise StartFailed(f"LibreOffice did not make {', '.join(missing)}: {done.stdout}{done.stderr}")
        return made


@contextmanager
def libreoffice() -> Iterator[LibreOffice]:
    """For the length of the block. Raises :class:`NothingToRunOn` where there is none."""
    found = shutil.which("soffice")
    if found is None:
        raise NothingToRunOn("LibreOffice is not installed here: the Debian package libreoffice-calc has it")
    with TemporaryDirectory(prefix="change-order-relay-office-") as folder:
        profile = Path(folder)
        (profile / "user").mkdir()
        (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        yield LibreOffice(Path(found), profile)
