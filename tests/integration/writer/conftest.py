"""The same surroundings as where processes are killed."""

from tests.faults.conftest import procore, relay, submitters

__all__ = ["procore", "relay", "submitters"]
