"""Outcomes of a bounded size: how a command ended is told whatever was said of it.

A preview goes first, with what is beyond 1,000 characters in each text; then all that describes the record at the
remote. Its ids stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from relay.domain.outcomes import ChangeOrderOutcome, RemoteRecord, without_details

_LONGEST: Final = 1_000
"""Characters of a text that stay."""


def shorter_outcomes(outcome: ChangeOrderOutcome) -> Iterator[ChangeOrderOutcome]:
    """The outcome, then what is left of it where that is still too large: each is shorter than the one before."""
    yield outcome
    cut = _with_short_texts(outcome)
    yield cut
    yield without_details(cut)


def _with_short_texts(outcome: ChangeOrderOutcome) -> ChangeOrderOutcome:
    facts = outcome.facts and {name: value[:_LONGEST] for name, value in outcome.facts.items()}
    return replace(
        outcome,
        reason=_cut(outcome.reason),
        sentence=_cut(outcome.sentence),
        preview=None,
        facts=facts,
        remote=tuple(map(_with_short_names, outcome.remote)),
    )


def _with_short_names(record: RemoteRecord) -> RemoteRecord:
    return replace(record, remote_id=record.remote_id[:_LONGEST], number=_cut(record.number), url=_cut(record.url))


def _cut(text: str | None) -> str | None:
    return text if text is None else text[:_LONGEST]
