"""An outcome as a Kafka record, for every stage that tells of one."""

from __future__ import annotations

from relay.domain.fitted_outcomes import shorter_outcomes
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.kafka import Headers, Outgoing
from relay.engine.record_codec import encoded
from relay.engine.sizes import TopicLimits
from schemas.codec import Codec


def outcome_record(
    codec: Codec, outcome: ChangeOrderOutcome, topic: str, limits: TopicLimits, headers: Headers = ()
) -> Outgoing:
    """The outcome, or as much of it as its topic takes.

    Raises ``Unwritable`` for a value that its schema cannot hold, and where not even its ids fit.
    """
    largest, value = limits.value(topic), b""
    for shorter in shorter_outcomes(outcome):
        value = encoded(codec, shorter, topic)
        if len(value) <= largest:
            break
    record = Outgoing(topic, outcome.change_order_key.encode(), value, headers=headers)
    limits.check(record)
    return record
