"""Reads a Dockerfile as far as ours needs it, and does on this machine what its build stage says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction with its text; ``flags`` are the words with two hyphens in front of it."""

    name: str
    flags: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    """From one FROM to the next."""

    name: str | None
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[Instruction]:
        """Its instructions of one name, in order."""
        return [one for one in self.instructions if one.name == name]


def read(file: Path) -> list[Stage]:
    """The stages of a Dockerfile."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    stages: list[tuple[str | None, list[Instruction]]] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        one = _instruction(line)
        if one.name == "FROM":
            found = re.search(r"\sAS\s+(\S+)$", one.text)
            stages.append((found[1] if found else None, []))
        elif stages:
            stages[-1][1].append(one)
    return [Stage(name, tuple(instructions)) for name, instructions in stages]


def _instruction(line: str) -> Instruction:
    name, _, rest = line.partition(" ")
    words = rest.split(" ")
    flags = []
    while words and words[0].startswith("--"):
        flags.append(words.pop(0))
    return Instruction(name, tuple(flags), " ".join(words).strip())


def context(root: Path, to: Path) -> None:
    """Copies what a build sees of ``root``: a ``.dockerignore`` that refuses all but what it names."""
    rules = [line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*", "everything has to be refused first"
    wanted = [rule[1:] for rule in rules[1:] if rule.startswith("!")]
    refused = [rule.removeprefix("**/") for rule in rules[1:] if rule.startswith("**/")]
    assert len(wanted) + len(refused) == len(rules) - 1, "rules of another form are not understood here"

    def ignored(_: str, names: list[str]) -> list[str]:
        return [name for name in names if any(fnmatch(name, rule) for rule in refused)]

    to.mkdir()
    for name in wanted:
        if (root / name).is_dir():
            shutil.copytree(root / name, to / name, ignore=ignored)
        else:
            shutil.copy2(root / name, to / name)


class Machine:
    """A folder that stands for the file system of a build. ``seen``: the build's context."""

    def __init__(self, root: Path, seen: Path, path: str) -> None:
        self.root = root
        self._seen = seen
        # How this machine reaches its package index, and what it keeps of it, stays as it is.
        self._environment = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "XDG_"))}
        self._environment |= {"PATH": path, "HOME": os.environ.get("HOME", str(root))}
        self._folder = root

    def do(self, stage: Stage) -> None:
        """Every instruction of a stage, in order."""
        for one in stage.instructions:
            getattr(self, f"_{one.name.lower()}")(one)

    def place(self, path: str) -> Path:
        """Where a path of the build is on this machine."""
        return self.root / path.lstrip("/") if path.startswith("/") else self._folder / path

    def _env(self, one: Instruction) -> None:
        said = dict(pair.split("=", 1) for pair in shlex.split(one.text))
        said.pop("PIP_NO_CACHE_DIR", None)  # It keeps an image small; here it would only cost time.
        self._environment |= said

    def _workdir(self, one: Instruction) -> None:
        self._folder = self.place(one.text)
        self._folder.mkdir(parents=True, exist_ok=True)

    def _copy(self, one: Instruction) -> None:
        *sources, target = one.text.split()
        for source in sources:
            found, place = self._seen / source, self.place(target)
            if found.is_dir():  # its content, as an engine copies it
                shutil.copytree(found, place, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, place)

    def _run(self, one: Instruction) -> None:
        command = re.sub(r"(?<![\w./])/(?=(opt|build)/)", f"{self.root}/", one.text)
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", command],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{one.text}\n{done.stdout}{done.stderr}"
