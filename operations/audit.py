"""Effects of an operator's commands: each in one transaction with the entry that says who did it, and why."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from operations.environment import Environment
from operations.json_values import plain
from relay.domain.json_object import object_in
from relay.domain.mapping import in_milliseconds
from relay.domain.records import OperatorAction
from relay.engine.kafka import Cluster, KafkaFailure, Outgoing, Partition, Transactions
from relay.engine.topics import AUDIT

KNOWN_BY = "known_by"
"""In an entry's details: who knew the person. Where it is not there, the name was typed."""

_PATIENCE: Final = 3.0
"""Seconds for the marks of what was committed to be written: a broker answers that it is before they are."""
_PAUSE: Final = 0.05
"""Seconds between two looks for them."""


def now() -> datetime:
    """The time, as precise as records carry it."""
    return in_milliseconds(datetime.now(UTC))


def is_typed(action: OperatorAction) -> bool:
    """Whether its name was typed at a command line, where it proves nothing."""
    return not (object_in(action.details) or {}).get(KNOWN_BY)


class AuditedTransaction:
    """Writes effects and their audit entries. Belongs to one thread; used with ``with``.

    Without a ``transactional_id``, here or in the environment, each command has one of its own: two operators at once
    do not end each other's work, and where both send the same letter again, the newer command wins. ``numbers`` are
    the offsets of the entries that were committed: how people call what was decided. Whoever reads the topics after it
    finds what was committed.
    """

    def __init__(self, environment: Environment, who: str, why: str, transactional_id: str | None = None) -> None:
        self._environment = environment
        self._topic = environment.name(AUDIT)
        self._who = who
        self._why = why
        # A page was told who a person is; at a command line anybody types a name.
        self._known = {KNOWN_BY: "page"} if environment.transactional_id else {}
        self.numbers: list[int] = []
        self._last: dict[Partition, int] = {}
        self._transactions = Transactions(
            environment.connection,
            transactional_id or environment.transactional_id or f"{environment.prefix}cor-{uuid.uuid4()}",
            timeout_s=environment.settings.transaction_timeout,
        )

    def __enter__(self) -> Self:
        self._transactions.fence()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._await_marks()
        self._transactions.close()

    def action(
        self, subject: str, action: str, details: Mapping[str, object], at: datetime | None = None
    ) -> OperatorAction:
        """An entry; ``subject`` is a change-order key, or the id of a letter or a replay."""
        return OperatorAction(
            action_id=str(uuid.uuid4()),
            subject=subject,
            action=action,
            who=self._who,
            why=self._why,
            at=at or now(),
            details=json.dumps(plain(dict(details) | self._known), ensure_ascii=False),
        )

    def commit(self, effects: Sequence[Outgoing], actions: Sequence[OperatorAction]) -> list[tuple[Partition, int]]:
        """Writes effects and entries, or none of them; returns where the effects stand, in their order.

        Raises ``CommitFailed`` where it is not certain that they do.
        """
        codec = self._environment.codec
        with self._transactions.transaction() as transaction:
            for effect in effects:
                transaction.send(effect)
            for action in actions:
                transaction.send(Outgoing(self._topic, action.subject.encode(), codec.encode(action, self._topic)))
            places = transaction.flush()
        self._last = dict(places)  # The broker begins another transaction once the marks of the one before stand.
        self.numbers += [offset for _, offset in places[len(effects) :]]
        return places[: len(effects)]

    def _await_marks(self) -> None:
        """Returns once readers of what is committed see the last of it, or after a while: it is committed anyway."""
        until = time.monotonic() + _PATIENCE
        with suppress(KafkaFailure), Cluster(self._environment.connection) as cluster:
            while self._last and time.monotonic() < until:
                ends = cluster.end_offsets(list(self._last))
                if all(ends[place] > offset for place, offset in self._last.items()):
                    return
                time.sleep(_PAUSE)
