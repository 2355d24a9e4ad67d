"""Podman in namespaces of its own: run with nothing of the machine's own settings, storage or network touched.

As a program, ``python -m deploy.containers.private_engine FOLDER COMMAND...``, it is the first process of the
namespaces.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from deploy.containers import image, namespaces, stand_ins
from deploy.local.containers import engine_answers
from deploy.local.maven import cache_folder
from deploy.local.readiness import wait_until

PROGRAMS = ("podman", "runc", "iptables", "unshare", "mmdebstrap")
NETWORK = tuple(Path("/usr/lib/podman") / name for name in ("netavark", "aardvark-dns"))

# Podman keeps these at fixed places; each is covered by a file system of ours.
PRIVATE = ("/run/netns", "/run/containers", "/run/libpod", "/run/runc", "/dev/shm")  # noqa: S108  (not for files of ours)
_SOCKET = "/run/containers/engine.sock"
_CGROUPS = Path("/sys/fs/cgroup")

# runc, since crun starts nothing in some sandboxes; cgroups and events without systemd; limits that a sandbox
# grants. Nothing here is a setting of the product.
ENGINE = """\
[containers]
default_ulimits = ["nofile=10000:10000", "nproc=10000:10000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "/run/libpod"
image_copy_tmp_dir = "{folder}/tmp"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
STORAGE = """\
[storage]
driver = "{driver}"
graphroot = "{folder}/storage"
runroot = "/run/containers/storage"
"""


def missing() -> list[str]:
    """What an engine of our own would need and is not here."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return ["root on Linux"]
    programs = [f"the program {name}" for name in PROGRAMS if shutil.which(name) is None]
    return programs + [f"podman's {program.name}" for program in NETWORK if not program.exists()]


def run(command: list[str]) -> int:
    """Runs the command beside an engine of our own and returns its exit code. One at a time in a checkout."""
    with _folder() as folder, _places(), _cgroups():
        inner = [sys.executable, "-m", "deploy.containers.private_engine", str(folder), *command]
        return namespaces.run(inner, {**os.environ, **_variables(folder)})


@contextmanager
def _folder() -> Iterator[Path]:
    """The engine's folder, new; what was left by one that was killed goes first."""
    folder = cache_folder().resolve() / "containers"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        _wait_for(lock)
        own = folder / "engine"
        shutil.rmtree(own, ignore_errors=True)
        (own / "tmp").mkdir(parents=True)
        (own / "containers.conf").write_text(ENGINE.format(folder=own))
        (own / "storage.conf").write_text(STORAGE.format(folder=own, driver=_driver(own)))
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def _wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Waiting for another run, which holds {lock.name}.", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _driver(folder: Path) -> str:
    """Overlay where the kernel mounts one in the folder, else the slow way that always works."""
    for name in ("lower", "upper", "work", "merged"):
        (folder / "try" / name).mkdir(parents=True)
    place = folder / "try"
    options = f"lowerdir={place}/lower,upperdir={place}/upper,workdir={place}/work"
    script = f"mount -t overlay overlay -o {options} {place}/merged"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, check=False)
    shutil.rmtree(place)
    return "vfs" if done.returncode else "overlay"


@contextmanager
def _places() -> Iterator[None]:
    """The folders that are covered, there for the time being."""
    made = [place for place in map(Path, PRIVATE) if not place.exists()]
    for place in made:
        place.mkdir(parents=True)
    try:
        yield
    finally:
        for place in made:
            with suppress(OSError):
                place.rmdir()


@contextmanager
def _cgroups() -> Iterator[None]:
    """Removes the control groups that the engine's containers had; they are the one thing no namespace holds."""
    before = set(_CGROUPS.glob("**/libpod_parent/**/"))
    try:
        yield
    finally:
        ours = sorted(set(_CGROUPS.glob("**/libpod_parent/**/")) - before, reverse=True)
        for group in ours:
            with suppress(OSError):
                group.rmdir()


def _variables(folder: Path) -> dict[str, str]:
    return {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINER_ENGINE": "podman",
        "DOCKER_HOST": f"unix://{_SOCKET}",
        # The reaper of testcontainers is an image of a registry; here the namespace reaps.
        "TESTCONTAINERS_RYUK_DISABLED": "true",
        "TMPDIR": str(folder / "tmp"),
    }


def _inside(folder: Path, command: list[str]) -> int:
    for place in PRIVATE:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    begun = time.monotonic()
    images = stand_ins.make(folder)
    names = ", ".join((images.python, *images.official.values()))
    print(f"Stand-in images made in {time.monotonic() - begun:.0f} s: {names}", flush=True)
    begun = time.monotonic()
    # Without a network of its own a build makes no interface, and reaches what the machine reaches; and one that is
    # made once needs no cache of layers.
    image.build("--network=host", "--layers=false", "--build-arg", f"PYTHON={images.python}")
    print(f"Image built in {time.monotonic() - begun:.0f} s", flush=True)
    namespaces.enter_own_network()
    with _service(folder / "service.log"):
        return subprocess.run(
            command, env={**os.environ, **images.variables(), **image.VARIABLES}, check=False
        ).returncode


@contextmanager
def _service(log: Path) -> Iterator[None]:
    with log.open("w") as output:
        command = ["podman", "system", "service", "--time=0", f"unix://{_SOCKET}"]
        service = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_until(
            engine_answers,
            alive=lambda: service.poll() is None,
            words=lambda: f"The log of podman's service ends with:\n{log.read_text()[-2000:]}",
            seconds=30.0,
        )
        yield
    finally:
        # In order it would wait for containers that a failed command has left; the namespaces end those.
        service.kill()
        service.wait()


if __name__ == "__main__":
    sys.exit(namespaces.as_first_process(lambda: _inside(Path(sys.argv[1]), sys.argv[2:])))
