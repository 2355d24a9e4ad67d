from __future__ import annotations

from datetime import timedelta

from producers.changes.events import observed
from producers.publish.remote_status import outcome_of
from relay.domain.events import EventReference
from relay.domain.identity import outcome_id
from relay.domain.outcomes import OutcomeKind
from tests.unit.producers.cinx.samples import AT, ORIGIN, ROOT, account_state, read


def test_the_outcome_belongs_to_the_change_order_that_the_poco_came_from() -> None:
    observation = observed(account_state(), read(), AT)
    assert observation.event is not None
    assert observation.status_change is not None
    reference = EventReference(topic="observed", partition=1, offset=9, event_id=observation.event.event_id)
    outcome = outcome_of("poll-cinx", observation.state, observation.status_change, AT, reference)
    assert outcome is not None
    assert (outcome.kind, outcome.change_order_key, outcome.target) == (OutcomeKind.REMOTE_STATUS, ROOT, "steel")
    assert (outcome.origin_id, outcome.sequence, outcome.idempotency_key) == (ORIGIN, 1772460306, "k1")
    assert outcome.facts == observation.status_change.facts != {}
    assert (outcome.event, outcome.command_id, outcome.at) == (reference, None, AT)
    assert outcome.outcome_id == outcome_id(observation.event.event_id, "remote_status")


def test_a_mark_that_names_no_change_order_is_told_to_nobody() -> None:
    references = [{"type": "change-order-relay", "description": "x", "value": "cor:odd"}]
    observation = observed(account_state(), read(external_references=references), AT)
    assert observation.event is not None
    assert (observation.event.origin_id, observation.event.root) == ("cor:odd", None)
    assert observation.status_change is not None
    reference = EventReference(topic="observed", partition=1, offset=9, event_id=observation.event.event_id)
    assert outcome_of("poll-cinx", observation.state, observation.status_change, AT, reference) is None


def test_what_moved_without_an_event_is_told_by_its_time() -> None:
    observation = observed(account_state(), read(), AT)
    assert observation.status_change is not None
    first = outcome_of("poll-cinx", observation.state, observation.status_change, AT, None)
    later = outcome_of("poll-cinx", observation.state, observation.status_change, AT + timedelta(seconds=1), None)
    assert first is not None
    assert later is not None
    assert (first.event, first.change_order_key) == (None, ROOT)
    assert first.outcome_id != later.outcome_id
