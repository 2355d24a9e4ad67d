"""Records of strangers on topics of ours: passed over, and told."""

from __future__ import annotations

import structlog

from relay.engine.kafka.records import Record, Withheld
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


def tell_withheld(withheld: Withheld) -> None:
    """Logs as an error where records stand that are not handed out: no producer of ours writes such a batch."""
    _log.error(
        events.RECORDS_WITHHELD,
        topic=withheld.partition.topic,
        partition=withheld.partition.number,
        offset=withheld.last_offset,
        message=str(withheld),
    )
