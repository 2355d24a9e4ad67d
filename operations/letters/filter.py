"""Which letters are meant."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from operations.letters.open_letters import OpenLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions, all of which must hold; without any it fits everything."""

    reason: str | None = None
    stage: str | None = None
    change_order: str | None = None
    project: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self == Filter()

    def fits(self, open_letter: OpenLetter) -> bool:
        """Whether the letter is meant."""
        letter = open_letter.letter
        return self.fits_what(letter.reason, letter.stage, open_letter.project, letter.change_order_key)

    def fits_what(self, reason: str, stage: str, project: str | None, change_order_key: str | None) -> bool:
        """Whether a letter is meant of which this is known."""
        return (
            (self.reason is None or fnmatchcase(reason, self.reason))
            and self.stage in {None, stage}
            and self.project in {None, project}
            and (self.change_order is None or is_of(change_order_key, self.change_order))
        )


def is_of(key: str | None, named: str) -> bool:
    """Whether a change-order key is the named one, or has its id."""
    return key is not None and (key == named or key.split(":", 2)[-1] == named)
