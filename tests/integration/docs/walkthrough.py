"""A guide, run as it is written: its commands in one shell, in their order, and what they print held against it.

``sh`` is run, ``text`` is what the commands before it print, and nothing else stands between fences. Of what is shown,
``…`` stands for what differs or takes too much room: alone on a line for any lines, within one for any of its text.
Ids, times, ports and lengths of time may differ everywhere.

Run as ``python -m tests.integration.docs.walkthrough`` it writes what is shown anew where it is not what was seen.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "getting-started.md"

_FENCES = re.compile(r"^```(\w*)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_PATIENCE = 300.0
"""Seconds for one block."""
_LOOKS_AGAIN = 60.0
"""Seconds for which a block that only shows tables is run again, until they have caught up with the topics."""
_WAITS = re.compile(r"^  waits for the rate budget of [^\n]*\n", re.MULTILINE)
"""What commands say of a pace that depends on the clock."""
_ONLY_SHOWS = re.compile(r"cor log\b[^\n]*\n\Z")

_SHELL = """
set -o pipefail
failed=
trap '[[ $BASH_COMMAND == wait* ]] || failed="$failed $BASH_COMMAND"' ERR
"""
_END = "\nprintf '\\n<<%s>>\\n' \"$failed\"; failed=\n"
_ENDED = re.compile(r"<<(.*)>>\n\Z", re.DOTALL)

_DIFFERS = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( UTC)?"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b[\w.-]+-[0-9a-f]{8}\b"), "INSTANCE"),
    (re.compile(r"\b(\d+ d )?\d+ (s|min|h)\b"), "LONG"),
    (re.compile(r"\b(plan|Plan) [0-9a-f]{8}\b"), r"\1 ID"),
    (re.compile(r"\b(cor\.yaml, routes) [0-9a-f]{4}\b"), r"\1 ID"),
    (re.compile(r"\b5981343\d{8}\b"), "ID"),
    (re.compile(r'("(created_at|start_time)":)[\d.]+'), r"\1TIME"),
    (re.compile(r"views: \d+ behind"), "views: behind"),
    (re.compile("\ufeff"), ""),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Block:
    """Commands, what is shown of what they print (``None``: nothing), and where that stands in the guide's text."""

    commands: str
    shown: str | None
    place: tuple[int, int]


def blocks_of(text: str) -> list[Block]:
    """What is to be run, in its order. Raises ``ValueError`` for a fence that is neither run nor shown."""
    found: list[Block] = []
    for fence in _FENCES.finditer(text):
        kind, content = fence.groups()
        if kind == "sh":
            found.append(Block(content, None, (fence.start(), fence.start())))
        elif kind == "text" and found and found[-1].shown is None:
            found[-1] = Block(found[-1].commands, content, fence.span(2))
        else:
            raise ValueError(f"neither commands nor what they show: {fence.group()}")
    return found


def agrees(shown: str, seen: str) -> bool:
    """Whether what is shown is what was seen."""
    pattern = "".join(_line_pattern(line) for line in shown.strip().splitlines())
    return re.fullmatch(pattern, "".join(f"{_bare(line)}\n" for line in seen.strip().splitlines())) is not None


def _line_pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:[^\n]*\n)*?"
    return r"[^\n]*".join(re.escape(part) for part in _bare(line).split("…")) + r"\n"


def _bare(line: str) -> str:
    for pattern, instead in _DIFFERS:
        line = pattern.sub(instead, line)
    return line.strip()


class Shell:
    """One bash in a folder that looks like a clone of the repository."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._say(_SHELL)

    def run(self, commands: str) -> str:
        """What they print. Raises ``AssertionError`` where one of them fails, or they do not come to their end."""
        alarm = threading.Timer(_PATIENCE, self._kill)
        alarm.start()
        try:
            self._say(commands + _END)
            printed = self._until_end()
        finally:
            alarm.cancel()
        ended = _ENDED.search(printed)
        assert ended is not None, f"it did not come to its end:\n{commands}\nprinted\n{printed}"
        printed = printed[: ended.start()]
        assert not ended[1].strip(), f"failed:{ended[1]}\n{printed}"
        return printed

    def end(self) -> list[str]:
        """Ends it; what of its processes is left, by what ``ps`` says of them."""
        with suppress(BrokenPipeError):
            self._say("exit\n")
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._bash.wait(10)
        left = self._left()
        self._kill()
        self._bash.wait()
        self._bash.stdout.close()
        return left

    def _left(self) -> list[str]:
        """What still runs once what ends has had its time."""
        until = time.monotonic() + 20
        while True:
            rows = subprocess.run(["ps", "-eo", "pgid=,args="], capture_output=True, text=True, check=True).stdout
            ours = [row for row in rows.splitlines() if row.split(maxsplit=1)[0] == str(self._bash.pid)]
            if not ours or time.monotonic() > until:
                return ours
            time.sleep(0.2)

    def _say(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text)
        self._bash.stdin.flush()

    def _until_end(self) -> str:
        assert self._bash.stdout is not None
        printed = ""
        while line := self._bash.stdout.readline():
            printed += line
            if line.endswith(">>\n") and _ENDED.search(printed):
                break
        return printed

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGKILL)


@contextmanager
def clone(folder: Path, **variables: str) -> Iterator[Shell]:
    """A shell in ``folder``, which gets everything of the repository; its own files stay out of that."""
    for entry in sorted(ROOT.iterdir()):
        if entry.name not in {".venv", "cor", "requirements-dev.lock", "pyproject.toml"}:
            (folder / entry.name).symlink_to(entry)
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("requirements-dev.lock", "pyproject.toml"):  # What `make setup` is to be done anew for.
        (folder / name).write_bytes((ROOT / name).read_bytes())
        os.utime(folder / name, (0, 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COR_", "MAKE"))}
    own = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "LOGNAME": "operator", "COLUMNS": "120"}
    shell = Shell(folder, kept | own | variables)
    try:
        yield shell
    finally:
        left = shell.end()
    assert left == []


def seen_of(shell: Shell, block: Block) -> str:
    """What the block prints; where it only shows, it is looked at until it is what the guide shows."""
    until = time.monotonic() + _LOOKS_AGAIN
    while True:
        seen = _WAITS.sub("", shell.run(block.commands))
        is_done = block.shown is None or agrees(block.shown, seen) or not _ONLY_SHOWS.fullmatch(block.commands)
        if is_done or time.monotonic() > until:
            return seen
        time.sleep(1)


def written_anew(text: str, seen: Sequence[str]) -> str:
    """The guide with what was seen in place of what is not so any more."""
    for block, printed in reversed(list(zip(blocks_of(text), seen, strict=True))):
        if block.shown is not None and not agrees(block.shown, printed):
            start, end = block.place
            lines = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
            text = text[:start] + re.sub(r"\b[\w.-]+-([0-9a-f]{8})\b(?!-)", r"office-\1", lines) + text[end:]
    return text


def main() -> None:
    """Writes the guide anew."""
    text = GUIDE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, clone(Path(folder)) as shell:
        seen = [seen_of(shell, block) for block in blocks_of(text)]
    GUIDE.write_text(written_anew(text, seen), encoding="utf-8")


if __name__ == "__main__":
    main()
