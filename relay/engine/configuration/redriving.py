"""Which dead letters the keeper sends again by itself."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from relay.domain.redrive import RedriveRule
from relay.engine.configuration.document import Document
from relay.engine.configuration.sections import Section, found, read_section
from relay.engine.configuration.values import Text, at_least, read_identifier


class RedriveSection(Section):
    """``reason`` is a letter's reason, with ``*`` for any part of it; ``most`` counts all attempts."""

    reason: Text
    every: Annotated[float, at_least(60, "1m")] = 3600.0
    most: Annotated[int, BeforeValidator(read_identifier)] = 24

    def rule(self) -> RedriveRule:
        """As the keeper takes it."""
        return RedriveRule(reason=self.reason, every=self.every, most=self.most)


def read_redriving(document: Document, value: Any, folder: Any) -> tuple[RedriveRule, ...]:
    """The rules, in order; the first that fits a letter counts."""
    if value is None:
        return ()
    if not isinstance(value, list):
        document.blame(("redrive",), found(value), "a list of rules, each with a reason")
        return ()
    read = [
        read_section(document, ("redrive", at), content, RedriveSection, folder) for at, content in enumerate(value)
    ]
    return tuple(section.rule() for section in read if section is not None)
