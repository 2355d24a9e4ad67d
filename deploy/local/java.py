"""The local Java."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.local.services import NothingToRunOn

OLDEST = 17


def java() -> str:
    """The ``java`` program of ``JAVA_HOME`` or of the path; Kafka 4 wants Java 17 or newer.

    Raises :class:`NothingToRunOn` where there is none, or only an older one.
    """
    home = os.environ.get("JAVA_HOME")
    program = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    if program is None:
        raise NothingToRunOn(f"no Java found: {_remedy()}")
    version = _major_version(program)
    if version < OLDEST:
        raise NothingToRunOn(f"{program} is Java {version}; {OLDEST} or newer is needed: {_remedy()}")
    return program


def _remedy() -> str:
    return (
        f"install Java {OLDEST} and Maven, start a Docker engine, "
        "or name a running service in COR_KAFKA_BOOTSTRAP_SERVERS and COR_SCHEMA_REGISTRY_URL"
    )


def _major_version(program: str) -> int:
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0
