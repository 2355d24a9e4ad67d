"""What an account answered, each question asked once for all targets, and how the file is proven wrong by it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from operations.check.result import Exchange
from operations.survey.remotes import Client, Remote
from operations.wording import why_failed
from relay.domain.failures import CallFailure, TenantBlocked, Throttled
from relay.engine.configuration.document import Place

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value, and the request and answer by which it is known."""

    value: T
    exchange: Exchange | None


class Unanswered(Exception):
    """The account did not answer, or refused: nothing is proven either way."""

    def __init__(self, failure: CallFailure, exchange: Exchange | None) -> None:
        super().__init__(why_failed(failure))
        self.failure, self.exchange = failure, exchange

    @property
    def is_our_budget(self) -> bool:
        """Whether it was not asked, since what commands may use of the account's rate budget is spent."""
        return isinstance(self.failure, Throttled) and self.failure.status is None


class ProvenWrong(Exception):
    """What stands at ``place`` (within its target or route) is not so; ``exchange`` is what proves it."""

    def __init__(self, place: Place, sentence: str, exchange: Exchange | None) -> None:
        super().__init__(sentence)
        self.place, self.exchange = place, exchange


class Answers:
    """The questions to one account. An account that is blocked is not asked again."""

    def __init__(self, remote: Remote[Client]) -> None:
        self.remote = remote
        self._known: dict[Hashable, Answer[Any] | Unanswered] = {}
        self._blocked: Unanswered | None = None

    def ask(self, question: Hashable, read: Callable[[], T]) -> Answer[T]:
        """The answer to a question. Raises ``Unanswered``, and ``CallsSpent`` where it may not be asked any more."""
        known = self._known.get(question) or self._blocked or self._asked(question, read)
        if isinstance(known, Unanswered):
            raise known
        return cast("Answer[T]", known)

    def _asked(self, question: Hashable, read: Callable[[], T]) -> Answer[T] | Unanswered:
        try:
            value = read()
        except CallFailure as failure:
            answer: Answer[T] | Unanswered = Unanswered(failure, self._last())
            if isinstance(failure, TenantBlocked):
                self._blocked = cast("Unanswered", answer)
        else:
            answer = Answer(value, self._last())
        self._known[question] = answer
        return answer

    def _last(self) -> Exchange | None:
        return self.remote.exchanges[-1] if self.remote.exchanges else None
