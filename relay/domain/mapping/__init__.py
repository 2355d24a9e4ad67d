"""From observed change orders to commands. Pure: the clock is an argument."""

from relay.domain.mapping.commands import in_milliseconds
from relay.domain.mapping.decision import Decision, Refusal, Skip
from relay.domain.mapping.events import map_event

__all__ = ["Decision", "Refusal", "Skip", "in_milliseconds", "map_event"]
