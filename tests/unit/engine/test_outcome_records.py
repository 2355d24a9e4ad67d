"""An outcome is told whatever was said of its end, as long as its topic takes its ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.engine.outcome_records import outcome_record
from relay.engine.record_codec import record_codec
from relay.engine.sizes import TopicLimits
from relay.engine.topics import OUTCOMES
from schemas import Unwritable

CODEC = record_codec()
LIMITS = TopicLimits.declared()
LONG = "x" * 9_500_000
OUTCOME = ChangeOrderOutcome(
    outcome_id="1",
    kind=OutcomeKind.APPLIED,
    stage="procore-writer",
    change_order_key="constructiononline:acme:1",
    at=datetime(2026, 3, 1, tzinfo=UTC),
    sequence=1,
    reason="procore.accepted",
    sentence="It is there.",
    remote=(RemoteRecord(kind="package", remote_id="7", number="CO-1"),),
    facts={"status": "approved"},
)


def told(outcome: ChangeOrderOutcome) -> ChangeOrderOutcome:
    record = outcome_record(CODEC, outcome, OUTCOMES.name(), LIMITS)
    assert record.size <= OUTCOMES.max_message_bytes
    return CODEC.decode(record.value or b"", ChangeOrderOutcome)


def test_what_fits_is_told_as_it_is() -> None:
    long = replace(OUTCOME, sentence="x" * 100_000, preview="{}")
    assert told(long) == long


@pytest.mark.parametrize(
    "endless",
    [
        replace(OUTCOME, sentence=LONG),
        replace(OUTCOME, preview=LONG),
        replace(OUTCOME, facts={"status": "approved", "package": LONG}),
        replace(OUTCOME, remote=(RemoteRecord(kind="package", remote_id="7", number=LONG),)),
    ],
    ids=["sentence", "preview", "facts", "number"],
)
def test_texts_are_cut_where_they_would_not_fit(endless: ChangeOrderOutcome) -> None:
    cut = told(endless)
    assert (cut.kind, cut.reason, cut.remote[0].remote_id) == (OUTCOME.kind, OUTCOME.reason, "7")
    assert len((cut.remote[0].number or "") + (cut.sentence or "") + str(cut.facts)) < 3_000


def test_what_is_endless_in_number_is_left_out() -> None:
    """How the command ended stays."""
    cut = told(replace(OUTCOME, facts={f"{at}" * 50: "x" for at in range(100_000)}))
    assert (cut.kind, cut.sentence, cut.remote, cut.facts) == (OUTCOME.kind, OUTCOME.sentence, (), None)


def test_one_whose_ids_do_not_fit_is_refused_before_any_transaction() -> None:
    with pytest.raises(Unwritable, match=r"change-orders\.outcomes\.v1: a record takes \d+ bytes"):
        outcome_record(CODEC, replace(OUTCOME, change_order_key=LONG), OUTCOMES.name(), LIMITS)
