"""The engine's client, closed as it wants to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker  # type: ignore[import-untyped]  # no stubs


@contextmanager
def client() -> Iterator[Any]:
    """The Docker client for ``DOCKER_HOST``. A stop may take as long as the image's own budget."""
    opened = docker.from_env(timeout=180)
    try:
        yield opened
    finally:
        opened.close()


def published_ports() -> set[int]:
    """The ports of this machine on which running containers are published."""
    with client() as engine:
        bindings = [
            binding
            for container in engine.containers.list()
            for published in container.ports.values()
            for binding in published or ()
        ]
    assert {binding["HostIp"] for binding in bindings} <= {"127.0.0.1"}
    return {int(binding["HostPort"]) for binding in bindings}
