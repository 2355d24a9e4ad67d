"""Records of strangers on topics of ours: passed over, and told."""

from __future__ import annotations

import structlog

from relay.engine.kafka.records import Record
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)


def tell_foreign(record: Record) -> None:
    """Logs as an error where a record stands that nobody of ours could have written, and its key."""
    _log.error(
        events.RECORD_FOREIGN,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=repr(record.key),
    )
