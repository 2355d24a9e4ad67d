"""Deletions that a person has to confirm: asks by a letter, and takes a settled letter for the permission."""

from __future__ import annotations

from dataclasses import replace

import structlog

from producers.poll_state import AccountState
from producers.publish.commits import PollCommits
from producers.publish.letters import question_letter
from producers.source import DeletionQuestion, PollResult
from relay.engine.kafka import Connection, Outgoing
from relay.engine.letters import LetterRecords, open_among
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)


class DeletionReview:
    """The questions of one stage. Belongs to the stage's thread."""

    def __init__(
        self, connection: Connection, commits: PollCommits, letters: LetterRecords, stage: str, metrics: Metrics
    ) -> None:
        self._connection = connection
        self._commits = commits
        self._letters = letters
        self._stage = stage
        self._metrics = metrics

    def with_answer(self, state: AccountState, result: PollResult) -> PollResult:
        """The result with its question answered, if a person has settled the letter that asked exactly this.

        Reads the letters' partition only where this question was asked before.
        """
        question = result.question
        if question is None:
            return result
        asked = question_letter(self._stage, state, question, result.at)
        if state.account_state.asked != asked.letter_id or open_among(self._connection, self._letters, [asked]):
            return result
        return replace(result, deleted=question.missing, question=None, swept=True)

    def ask(self, state: AccountState, result: PollResult, question: DeletionQuestion) -> None:
        """Commits that this is asked; a letter that asked something else is settled. Raises ``CommitFailed``."""
        letter = question_letter(self._stage, state, question, result.at)
        asked_before = state.account_state.asked
        records: list[Outgoing] = []
        if asked_before != letter.letter_id:
            records.append(self._letters.written(letter))
            if asked_before is not None:
                records.append(self._letters.settled(asked_before, state.key))
        account_state = replace(
            state.account_state,
            asked=letter.letter_id,
            swept_at=result.at,
            polled_at=result.at,
            hold=None,
            used=result.used,
            interval=result.interval,
        )
        self._commits.commit_account(state, account_state, records)
        self._metrics.deletions_asked.labels(state.system, state.account).set(len(question.missing))
        _log.error(
            events.DELETIONS_ASKED,
            system=state.system,
            account=state.account,
            letter=letter.letter_id,
            missing=len(question.missing),
            known=question.known,
            sentence=letter.sentence,
        )
