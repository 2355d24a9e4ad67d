"""``python -m tests.forks CHANNEL``: runs ``cor`` again and again, each time as a fork of one that has imported all.

To import everything takes more of a processor than most tests' work: a test that kills a writer in some gap and starts
the next would import it all twice. What is forked is a process like any other, with a number, files, signals and an
end of its own; only its beginning is another's (``python -m cli`` itself is run by the tests of the command line, by
the demonstration and in containers).

``CHANNEL`` is the number of a socket of whole messages, JSON. ``start`` brings the arguments, the environment, the
folder and three files; its answer is a ``pid``. ``wait`` asks whether that one has ended, and how. When nobody is at
the other end any more, everything that is left is killed.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from relay.engine.stages import crash_points

PRODUCT: Final = ("cli", "operations", "producers", "relay", "schemas", "workers", "web")
LARGEST: Final = 1 << 20
"""Bytes of a message."""


def serve(channel: socket.socket) -> bool:
    """Answers until nobody asks any more. True: this is a fork, which is to run ``cor`` now."""
    left: set[int] = set()
    while True:
        message, files, _, _ = socket.recv_fds(channel, LARGEST, 3)
        if not message:
            break
        asked: dict[str, Any] = json.loads(message)
        if "wait" in asked:
            pid, status = os.waitpid(asked["wait"], os.WNOHANG) if asked["wait"] in left else (asked["wait"], 0)
            left.discard(pid)
            channel.send(json.dumps({"pid": pid, "status": status}).encode())
        elif pid := os.fork():
            left.add(pid)
            for file in files:
                os.close(file)
            channel.send(json.dumps({"pid": pid}).encode())
        else:
            channel.close()
            _become(asked, files)
            return True
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return False


def _become(asked: dict[str, Any], files: list[int]) -> None:
    """What another program would find when it begins."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # Anew: where those before were, one could look for a place.
    out, err = sys.stdout, sys.stderr
    sys.stdin = open(0, encoding=sys.stdin.encoding, closefd=False)  # noqa: SIM115 - for the whole process, as the others
    sys.stdout = open(1, "w", encoding=out.encoding, errors=out.errors, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding=err.encoding, errors=err.errors, closefd=False)  # noqa: SIM115
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    crash_points._countdown = crash_points._armed()  # The one setting that is read by an import.
    sys.argv = ["cor", *asked["start"]]


def _import_all() -> None:
    for name in PRODUCT:
        package = import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    gc.collect()
    gc.freeze()  # Or each fork would copy all of it, just to look through it.


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Whoever started it ends it, by going.
    _import_all()
    if serve(socket.socket(fileno=int(sys.argv[1]))):
        from cli.main import main

        main()
