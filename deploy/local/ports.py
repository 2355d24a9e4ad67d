"""Ports that stay ours while a server is down."""

from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections: a broker that is
# restarted must find its port free, and a client that retries meanwhile must not be given it.
_RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """``count`` different ports of the loopback address that nobody listens on now."""
    found: list[int] = []
    # Not by the generator that a run of tests seeds: two of them at once would choose the same.
    for port in random.SystemRandom().sample(_RANGE, len(_RANGE)):
        if _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop} on {LOOPBACK}")


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts(port: int, seconds: float = 1.0) -> bool:
    """Whether something accepts connections on ``port`` of the loopback address."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=seconds).close()
    except OSError:
        return False
    return True
