"""How long things may take at CINX, which documents none of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds.

    ``job``: until a job must have ended. ``search``: for how long a POCO that may have been made is searched. After
    these a person is asked. ``failure``: for how long a POCO is searched although its job has failed.
    ``quiet_after_failure``: until when after the failure nothing else is sent for the change order, because a POCO of
    the job may still show. ``unmarked_confirm_after``: how long a POCO with our content but without our reference has
    to be the only one before it is taken for ours; until then ours may still appear. ``first_poll`` and
    ``longest_poll``: between two readings of one import. ``longest_first_poll``: until the first reading of an import
    of an account whose imports are known to take so long, or longer: one that is sooner done waits no longer than this.
    """

    job: float = 3600.0
    search: float = 900.0
    failure: float = 45.0
    quiet_after_failure: float = 90.0
    unmarked_confirm_after: float = 20.0
    first_poll: float = 0.5
    longest_poll: float = 30.0
    longest_first_poll: float = 6.0

    def until_first_poll(self, known: float | None) -> float:
        """Seconds until the first reading of an import; ``known``: what imports of the account are known to take."""
        return self.first_poll if known is None else max(self.first_poll, min(self.longest_first_poll, known))

    def until_next_poll(self, age: float) -> float:
        """Seconds until the next reading of an import of this age: half its age, within the limits."""
        return max(self.first_poll, min(self.longest_poll, age / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxAges:
    """Seconds for which what was read is believed.

    ``account``: templates, and POCOs of which only the lines matter. ``miss``: a list younger than this is not read
    again for a value that is not in it. ``order``: how old the reading of a purchase order may be on which a
    submission is built. ``poco``: how old the reading of a change order's own POCO may be.
    """

    account: float = 3600.0
    references: float = 3600.0
    miss: float = 60.0
    order: float = 30.0
    poco: float = 30.0
