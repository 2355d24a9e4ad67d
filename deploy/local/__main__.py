"""``python -m deploy.local up``: Kafka, and with ``--registry`` a schema registry, until told to end.

One line on standard output says that everything answers::

    kafka 127.0.0.1:21234 sasl 127.0.0.1:21235 registry http://127.0.0.1:21236/apis/ccompat/v7

It ends, and ends what it started, on SIGTERM, on SIGINT, and when the process that started it
(or the one named by ``--while PID``) is gone; ``--stay`` keeps it after its starter's end.
``COR_LOCAL_KAFKA_LOG_LEVEL`` (default ``warn``) is for looking into a broker on the local Java.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

from deploy.local.choice import broker, kafka, registry
from deploy.local.services import Kafka, NothingToRunOn, StartFailed

_ANSWERS = 5.0  # Seconds to connect.
_LOOK_EVERY = 0.5
_NAMED = "COR_KAFKA_BOOTSTRAP_SERVERS"


def main() -> int:
    """The command line. Returns the exit code."""
    wish, starter = _arguments(), os.getppid()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end(ended))
    try:
        with ExitStack() as stack:
            print(_bring_up(stack, wish), flush=True)
            _wait(ended, wish, starter)
    except (NothingToRunOn, StartFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    except _Ended:
        pass
    return 0


class _Ended(Exception):
    """Told to end while still starting."""


def _end(ended: threading.Event) -> None:
    first, started = not ended.is_set(), _Progress.started
    ended.set()
    if first and not started:
        raise _Ended


class _Progress:
    started = False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("what", choices=["up"])
    parser.add_argument("--registry", action="store_true", help="a schema registry too")
    parser.add_argument("--no-kafka", action="store_true", help="with --registry: only that")
    parser.add_argument("--data", type=Path, help="keep Kafka's data in this folder (local Java only)")
    parser.add_argument("--while", dest="owner", type=int, help="end when this process is gone")
    parser.add_argument("--stay", action="store_true", help="go on when the starting process is gone")
    return parser.parse_args()


def _bring_up(stack: ExitStack, wish: argparse.Namespace) -> str:
    words = [] if wish.no_kafka else _kafka_words(stack.enter_context(_kafka(wish)))
    if wish.registry:
        words += ["registry", stack.enter_context(registry()).url]
    _Progress.started = True
    return " ".join(words)


def _kafka(wish: argparse.Namespace) -> AbstractContextManager[Kafka]:
    if wish.data:
        return broker(data=wish.data)
    if named := os.environ.get(_NAMED):
        _require_answer(named)
    return kafka()


def _require_answer(named: str) -> None:
    """Says that no Kafka is started; raises ``StartFailed`` where none of the addresses answers."""
    for address in named.split(","):
        host, _, port = address.strip().rpartition(":")
        with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS):
            print(f"{_NAMED} names a Kafka, {named}, which is used: none is started", file=sys.stderr)
            return
    raise StartFailed(f"{_NAMED} names {named}, where nothing answers: unset it to have a Kafka started here")


def _kafka_words(cluster: Kafka) -> list[str]:
    words = ["kafka", cluster.bootstrap_servers]
    return [*words, "sasl", cluster.sasl_bootstrap_servers] if cluster.sasl_bootstrap_servers else words


def _wait(ended: threading.Event, wish: argparse.Namespace, starter: int) -> None:
    while not ended.wait(_LOOK_EVERY):
        if not wish.stay and not wish.owner and os.getppid() != starter:
            return
        if wish.owner and not _runs(wish.owner):
            return


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main())
