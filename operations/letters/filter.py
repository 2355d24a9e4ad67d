"""Which letters are meant."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from operations.letters.open_letters import OpenLetter

_NO_PROJECT: Final = "no-project"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions, all of which must hold; without any it fits everything. ``project``: what asks for one
    (:func:`project_filter`), or its id alone, which may be that of several accounts.
    """

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
        return self.fits_what(letter.reason, letter.stage, letter.source, open_letter.project, letter.change_order_key)

    def fits_what(
        self, reason: str, stage: str, source: str | None, project: str | None, change_order_key: str | None
    ) -> bool:
        """Whether a letter is meant of which this is known."""
        return (
            (self.reason is None or fnmatchcase(reason, self.reason))
            and self.stage in {None, stage}
            and self.project in {None, project, project_filter(source, project)}
            and (self.change_order is None or is_of(change_order_key, self.change_order))
        )


def project_filter(source: str | None, project: str | None) -> str:
    """What asks for a project of a source and no other, ``constructiononline:acme/project:7``; or for none of one."""
    place = f"project:{project}" if project else _NO_PROJECT
    return f"{source}/{place}" if source else place


def is_of(key: str | None, named: str) -> bool:
    """Whether a change-order key is the named one, or has its id."""
    return key is not None and (key == named or key.split(":", 2)[-1] == named)
