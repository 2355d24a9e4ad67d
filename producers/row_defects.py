"""A row over which the relay itself fails concerns itself alone: it gets a letter, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from producers.source import UnreadableRow
from relay.domain.failures import CallFailure, Fatal
from relay.engine.kafka import KafkaFailure
from relay.engine.telemetry import events
from schemas import RegistryFailure

_log = structlog.get_logger(__name__)

FAILURES_OF_ALL = (CallFailure, Fatal, KafkaFailure, RegistryFailure, MemoryError)
"""What no single row is to blame for."""

T = TypeVar("T")


def attempted(
    step: Callable[[], T],
    *,
    subject: str,
    raw: bytes,
    failed: list[UnreadableRow],
    expected: tuple[type[Exception], ...] = (),
) -> T | None:
    """What ``step`` makes of one row; ``None`` where it fails in a way nobody has thought of.

    Then the row, of which ``raw`` are the bytes, is added to ``failed``. The log names ``subject``. What is
    ``expected``, and what no single row is to blame for, is raised.
    """
    raised: tuple[type[Exception], ...] = (*FAILURES_OF_ALL, *expected)
    try:
        return step()
    except raised:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other rows go on
        _log.exception(events.RECORD_DEFECT, stage="poller", subject=subject)
        failed.append(UnreadableRow(raw=raw, why=f"{subject} ({type(error).__name__}: {error})", defect=True))
        return None
