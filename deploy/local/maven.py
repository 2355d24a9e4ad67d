"""Fetches released programs with Maven into a cache folder outside of what git sees."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.services import NothingToRunOn, StartFailed

_POMS = Path(__file__).with_name("maven")
_CHECKOUT = Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    """Where fetched programs are kept: ``COR_LOCAL_CACHE``, else ``.local`` of the checkout."""
    return Path(os.environ.get("COR_LOCAL_CACHE") or _CHECKOUT / ".local")


def fetch(pom: str, goal: str) -> Path:
    """The folder with what ``maven/{pom}.xml`` names; fetched only where it is not there yet.

    Raises :class:`NothingToRunOn` without Maven, :class:`StartFailed` with Maven's own words
    where it cannot fetch.
    """
    source = _POMS / f"{pom}.xml"
    version = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / f"{pom}-{version}"
    with _alone(cache_folder() / f"{pom}.lock"):
        if not folder.exists():
            _fetch(source, goal, folder)
    return folder


def _fetch(source: Path, goal: str, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NothingToRunOn(
            f"Maven (mvn) is needed to fetch {source.stem} and is not on the path: install Maven, "
            "start a Docker engine, or name a running service in the environment"
        )
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [maven, "-B", "-q", "-f", str(source), f"dependency:{goal}@fetch", f"-Dfetch.into={partial}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not partial.exists():
        raise StartFailed(f"Maven could not fetch {source.stem}:\n{done.stdout}{done.stderr}")
    partial.rename(folder)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
