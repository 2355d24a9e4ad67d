"""Dead letters: the open ones, with the amount behind each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from relay.domain.commands import COMMAND_TYPES, Command, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import MAPPER, DeadLetter
from relay.domain.routes import Routing
from relay.domain.waiting_amounts import HeldRecord, waiting_amount
from relay.engine.topics import FAMILIES
from schemas import Codec, Unreadable
from workers.views.amounts import milliseconds, ten_thousandths
from workers.views.folds import Decoded
from workers.views.tables import LETTERS
from workers.views.upserts import keep_newest

_KEYS = {"letter_id", "partition", "offset"}
_COLUMNS = [column.name for column in LETTERS.c if column.name not in _KEYS]
_MOST_OF_AN_ANSWER = 20_000
"""Characters of a remote's answer that are kept."""


def folding(codec: Codec, prefix: str) -> Callable[[Connection, Sequence[Decoded[DeadLetter]], Routing], None]:
    """Returns the fold, which reads what letters hold with ``codec``; ``prefix`` stands before topics' names."""
    kinds = {topic.name(prefix): COMMAND_TYPES[family.system] for family in FAMILIES.values() for topic in family.lanes}

    def fold(connection: Connection, read: Sequence[Decoded[DeadLetter]], routing: Routing) -> None:
        keep_newest(connection, LETTERS, [_row(one, codec, kinds) for one in read], {"offset": _COLUMNS})

    return fold


def _row(one: Decoded[DeadLetter], codec: Codec, kinds: dict[str, type[TargetCommand]]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_COLUMNS)
    row |= {"letter_id": one.key, "partition": one.record.partition, "offset": one.record.offset, "open": False}
    letter = one.value
    if letter is None:
        return row
    held = _held(letter, codec, kinds)
    waits, whole = waiting_amount(held), letter.of_project
    return row | {
        "open": True,
        "kind": letter.kind.value,
        "stage": letter.stage,
        "reason": letter.reason,
        "sentence": letter.sentence,
        "change_order_key": letter.change_order_key,
        "origin_id": letter.origin_id,
        "command_id": letter.command_id,
        "source": letter.source,
        "project": whole.project if whole else waits.project,
        "attempts": letter.attempts,
        "first_at": milliseconds(letter.first_at),
        "last_at": milliseconds(letter.last_at),
        "amount": ten_thousandths(waits.amount),
        "currency": waits.currency,
        "remote_answer": letter.remote_answer[:_MOST_OF_AN_ANSWER],
        "decides": isinstance(held, Command) and held.operation.is_decision,
    }


def _held(letter: DeadLetter, codec: Codec, kinds: dict[str, type[TargetCommand]]) -> HeldRecord | None:
    kind: type[HeldRecord] | None
    kind = ChangeOrderObserved if letter.stage == MAPPER else kinds.get(letter.topic)
    if kind is None or letter.record_value is None:
        return None
    try:
        return codec.decode(letter.record_value, kind)
    except Unreadable:
        return None
