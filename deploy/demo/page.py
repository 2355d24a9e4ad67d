"""The page that people look at, as long as the demonstration is left running."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deploy.demo.waiting import until
from deploy.demo.workplace import Workplace
from deploy.local.child import Child
from deploy.local.ports import LOOPBACK, accepts, free_ports


@contextmanager
def served(workplace: Workplace, environment: Mapping[str, str]) -> Iterator[str]:
    """Its address, for the length of the block."""
    (port,) = free_ports(1)
    child = Child(
        "page",
        [sys.executable, "-m", "cli", "web"],
        workplace.log("page"),
        {**environment, "COR_WEB_PORT": str(port)},
    )
    child.start()
    try:
        until(lambda: accepts(port), expected="the page answers", found=child.log_end)
        yield f"http://{LOOPBACK}:{port}/"
    finally:
        child.stop()
