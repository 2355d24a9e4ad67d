"""Letters of a poller: rows that cannot be told apart, and deletions that a person has to confirm."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from producers.poll_state import AccountState
from producers.source import DeletionQuestion, UnreadableRow
from relay.domain.letters import DEFECT, DeadLetter, LetterKind
from relay.engine.letters import Failure, new_letter
from relay.engine.source_record import SourceRecord
from relay.engine.topics import EVENT_BYTES

UNREADABLE_ROW = "row_unreadable"
DELETIONS_UNCONFIRMED = "deletions_unconfirmed"

_MOST_NAMED = 20
"""Missing change orders that a letter names: enough to look some up, and still a sentence."""

_HASH_BYTES = 7
"""Of a hash that stands in an offset's place: as many as a 64-bit number holds without a sign."""


def question_letter(stage: str, state: AccountState, question: DeletionQuestion, at: datetime) -> DeadLetter:
    """The letter that asks a person. Settling it is the answer that the change orders were deleted.

    Its id is that of exactly these missing change orders: a permission for others would not be one.
    """
    names = ", ".join(question.missing[:_MOST_NAMED]) + (" …" if len(question.missing) > _MOST_NAMED else "")
    sentence = (
        f'In {state.system}, account "{state.account}", {question.sentence} ({len(question.missing)} in all: '
        f"{names}). Nothing of this sweep was published, since lost rights or a fault look the same. If they were "
        "deleted on purpose, settle this letter, and the next sweep publishes the deletions; if not, restore the "
        "rights of the login, and the letter goes away by itself."
    )
    failure = Failure(kind=LetterKind.NEEDS_REVIEW, reason=f"{state.system}.{DELETIONS_UNCONFIRMED}", sentence=sentence)
    return _letter(stage, state, failure, "\n".join(question.missing).encode(), at)


def row_letter(stage: str, state: AccountState, row: UnreadableRow, at: datetime) -> DeadLetter:
    """The letter that keeps a row that cannot be followed."""
    if row.defect:
        return _letter(stage, state, _defect(state, row), row.raw, at)
    sentence = (
        f'A listing of {state.system}, account "{state.account}", holds {row.why}, so it cannot be followed. '
        "Correct the record in the source, then settle this letter."
    )
    failure = Failure(kind=LetterKind.UNREADABLE, reason=f"{state.system}.{UNREADABLE_ROW}", sentence=sentence)
    return _letter(stage, state, failure, row.raw, at)


def _defect(state: AccountState, row: UnreadableRow) -> Failure:
    sentence = (
        f'The relay itself failed over a row of {state.system}, account "{state.account}": {row.why}. The other rows '
        "go on; of this one nothing was published. Report it; the log holds the details. Once it is mended, the next "
        "sweep reads the row: then settle this letter."
    )
    return Failure(kind=LetterKind.REJECTED, reason=DEFECT, sentence=sentence)


def _letter(stage: str, state: AccountState, failure: Failure, content: bytes, at: datetime) -> DeadLetter:
    kept = content if len(content) <= EVENT_BYTES else None
    source = replace(_source(state, content), value=kept)
    return new_letter(source, failure, stage=stage, at=at, change_order_key=state.key)


def _source(state: AccountState, content: bytes) -> SourceRecord:
    """No Kafka record failed: the letter names the account in place of a topic, and a hash in place of an offset."""
    return SourceRecord(topic=state.key, partition=0, offset=_number(content), key=state.key.encode(), value=content)


def _number(content: bytes) -> int:
    """A number that stands for ``content`` where a record's offset would be."""
    return int.from_bytes(hashlib.sha256(content).digest()[:_HASH_BYTES], "big")
