"""Effects of an operator's commands: each in one transaction with the entry that says who did it, and why."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from operations.environment import Environment
from operations.json_values import plain
from relay.domain.mapping import in_milliseconds
from relay.domain.records import OperatorAction
from relay.engine.kafka import Outgoing, Transactions
from relay.engine.topics import AUDIT


def now() -> datetime:
    """The time, as precise as records carry it."""
    return in_milliseconds(datetime.now(UTC))


class AuditedTransaction:
    """Writes effects and their audit entries. Belongs to one thread; used with ``with``.

    Without a ``transactional_id`` each command has one of its own: two operators at once do not end each other's
    work, and where both send the same letter again, the newer command wins.
    """

    def __init__(self, environment: Environment, who: str, why: str, transactional_id: str | None = None) -> None:
        self._environment = environment
        self._topic = environment.name(AUDIT)
        self._who = who
        self._why = why
        self._transactions = Transactions(
            environment.connection,
            transactional_id or f"{environment.prefix}cor-{uuid.uuid4()}",
            timeout_s=environment.settings.transaction_timeout,
        )

    def __enter__(self) -> Self:
        self._transactions.fence()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            details=json.dumps(plain(dict(details)), ensure_ascii=False),
        )

    def commit(self, effects: Sequence[Outgoing], actions: Sequence[OperatorAction]) -> None:
        """Writes effects and entries, or none of them. Raises ``CommitFailed`` where that is not certain."""
        codec = self._environment.codec
        with self._transactions.transaction() as transaction:
            for effect in effects:
                transaction.send(effect)
            for action in actions:
                transaction.send(Outgoing(self._topic, action.subject.encode(), codec.encode(action, self._topic)))
