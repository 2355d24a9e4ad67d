"""Which fold takes which topic."""

from __future__ import annotations

from relay.domain.control import Control
from relay.domain.directory import DirectoryEntry
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.records import OperatorAction, PollState
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.topics import AUDIT, CONTROL, DIRECTORY, LETTERS, OBSERVED, OUTCOMES, POLL_STATE, WRITES
from schemas import Codec
from workers.views.folds import (
    FoldedTopic,
    Folds,
    directory,
    letters,
    observed,
    outcomes,
    poll_state,
    statements,
    writes,
)


def folds_of(codec: Codec, prefix: str) -> Folds:
    """By the topics' names on the cluster, in an order in which locks are always taken."""
    by_topic = {
        OBSERVED: FoldedTopic(record=ChangeOrderObserved, fold=observed.fold),
        OUTCOMES: FoldedTopic(record=ChangeOrderOutcome, fold=outcomes.fold),
        LETTERS: FoldedTopic(record=DeadLetter, fold=letters.folding(codec, prefix)),
        WRITES: FoldedTopic(record=RemoteWrite, fold=writes.fold),
        DIRECTORY: FoldedTopic(record=DirectoryEntry, fold=directory.fold),
        POLL_STATE: FoldedTopic(record=PollState, fold=poll_state.fold),
        AUDIT: FoldedTopic(record=OperatorAction, fold=statements.fold_audit),
        CONTROL: FoldedTopic(record=Control, fold=statements.fold_control, misread=statements.note_misread),
    }
    return {topic.name(prefix): folded for topic, folded in by_topic.items()}
