"""Observations: each of them, the newest of each change order, and what of it each destination is to hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, select

from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.routes import Routing
from relay.domain.sources import cinx, native_json, procore
from relay.domain.sources.native_fields import NativeFields
from relay.domain.text_folding import folded
from relay.engine.record_codec import record_codec
from workers.views.amounts import milliseconds, ten_thousandths
from workers.views.folds import Decoded
from workers.views.shares import shares_of
from workers.views.tables import CHANGE_ORDERS, OBSERVATIONS, SHARES, TITLE_WORDS
from workers.views.upserts import NEVER, insert_once, keep_newest

_CODEC = record_codec()  # Without a registry: the tables are read where there may be none.
_NOT_BY_SEQUENCE = {
    *("change_order_key", "sequence", "first_seen_at", "system", "account", "change_order_id"),
    *("contract", "contract_sequence"),
}
_BY_SEQUENCE = [column.name for column in CHANGE_ORDERS.c if column.name not in _NOT_BY_SEQUENCE]
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\w+")
_MOST_OF_A_TITLE = 1000
_LONGEST_WORD = 60


def fold(connection: Connection, read: Sequence[Decoded[ChangeOrderObserved]], routing: Routing) -> None:
    """Takes observations over."""
    events = [one.value for one in read if one.value is not None]
    if not events:
        return
    insert_once(connection, OBSERVATIONS, [_observation(event) for event in events])
    insert_once(connection, TITLE_WORDS, [row for event in events for row in _title_words(event)])
    rows = [_change_order(event) for event in events]
    groups = {"sequence": _BY_SEQUENCE, "contract_sequence": ("contract",)}
    keep_newest(connection, CHANGE_ORDERS, rows, groups, least=("first_seen_at",))
    newest = {event.key: event for event in sorted(events, key=lambda event: event.sequence)}
    known = CHANGE_ORDERS.c.change_order_key, CHANGE_ORDERS.c.sequence
    found = connection.execute(select(*known).where(known[0].in_(newest)))
    share_out(connection, [newest[key] for key, sequence in found if newest[key].sequence == sequence], routing)


def share_out(connection: Connection, events: Iterable[ChangeOrderObserved], routing: Routing) -> None:
    """Writes anew what each destination of the routes takes of these change orders, as these events show them."""
    shared = list(events)
    if not shared:
        return
    connection.execute(delete(SHARES).where(SHARES.c.change_order_key.in_([event.key for event in shared])))
    rows = [row for event in shared for row in shares_of(event, routing)]
    if rows:
        connection.execute(SHARES.insert(), rows)


def content_of(event: ChangeOrderObserved) -> bytes:
    """An observation as it is kept: without the source's own words."""
    return _CODEC.encode(replace(event, raw=None, raw_omitted=None), "")


def read_content(content: bytes) -> ChangeOrderObserved:
    """What :func:`content_of` has kept."""
    return _CODEC.decode(content, ChangeOrderObserved)


def sought_number(text: str | None) -> str | None:
    """A number as it is looked for: 003 is 3, and ``CO-03`` is ``co-3``."""
    return None if text is None else _NUMBER.sub(lambda digits: str(int(digits[0])), folded(text)[:200])


def words_of(text: str) -> list[str]:
    """The words of a title as they are looked for, each once."""
    return list(dict.fromkeys(word[:_LONGEST_WORD] for word in _WORD.findall(folded(text)[:_MOST_OF_A_TITLE])))


def log_place(event: ChangeOrderObserved) -> str:
    """Where a change order stands in the log: by its project's name and its number, CO-9 before CO-10."""
    shown = event.change_order
    number = _NUMBER.sub(lambda digits: digits[0].lstrip("0").rjust(12, "0"), folded(shown.number or "")[:60])
    return "\t".join((folded(shown.project_name or "")[:100], (event.project or "")[:60], number[:200]))


def _title_words(event: ChangeOrderObserved) -> Iterator[dict[str, Any]]:
    for word in words_of(event.change_order.title or ""):
        yield {"word": word, "change_order_key": event.key}


def _observation(event: ChangeOrderObserved) -> dict[str, Any]:
    return {
        "change_order_key": event.key,
        "sequence": event.sequence,
        "observed_at": milliseconds(event.observed_at),
        "content": content_of(event),
    }


def _contract(event: ChangeOrderObserved) -> str | None:
    """Of a record at a target; that a record is deleted does not tell it."""
    if event.system == cinx.SYSTEM:
        return event.change_order.purchase_order
    if event.system != procore.SYSTEM or event.raw is None:
        return None
    try:
        native, _ = native_json.parse(event.raw)
    except ValueError:
        return None
    return NativeFields(native, []).text("contract_id")


def _change_order(event: ChangeOrderObserved) -> dict[str, Any]:
    shown, contract = event.change_order, _contract(event)
    return {
        "change_order_key": event.key,
        "system": event.system,
        "account": event.account,
        "change_order_id": event.change_order_id,
        "project": event.project,
        "project_name": shown.project_name,
        "number": shown.number,
        "title": shown.title,
        "status": shown.status.value,
        "status_raw": shown.status_raw,
        "currency": shown.currency,
        "cost": ten_thousandths(shown.cost),
        "client_price": ten_thousandths(shown.client_price),
        "created_on": shown.created_on,
        "submitted_on": shown.submitted_on,
        "due_on": shown.due_on,
        "decided_on": shown.decided_on,
        "source_modified_at": event.source_modified_at,
        "change": event.change.value,
        "schedule_days": shown.schedule_days,
        "items": len(shown.items),
        "sequence": event.sequence,
        "observed_at": milliseconds(event.observed_at),
        "approved_seen_at": milliseconds(event.approved_seen_at),
        "first_seen_at": milliseconds(event.observed_at),
        "deleted": event.change is Change.DELETED,
        "origin_id": event.origin_id,
        "root": event.root,
        "number_sought": sought_number(shown.number),
        "title_sought": None if shown.title is None else folded(shown.title)[:_MOST_OF_A_TITLE],
        "status_source": "deleted" if event.change is Change.DELETED else shown.status.value,
        "log_place": log_place(event),
        "contract": contract,
        "contract_sequence": NEVER if contract is None else event.sequence,
    }
