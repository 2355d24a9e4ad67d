"""What a change order is told that waits in line: under one exclusive name one submission is open at a time."""

from __future__ import annotations

from relay.domain import identity

BEHIND = "behind_submission"
"""Why a change order waits in whose way another's open submission stands."""


def sentence(ahead: str, destination: str) -> str:
    """``ahead`` is the origin id whose submission to ``destination`` is open."""
    return (
        f"It waits behind the submission of {whose(ahead)} to {destination}, which has not ended: one submission to a "
        "purchase order is open at a time. It goes on by itself."
    )


def whose(origin_id: str) -> str:
    """The change order's key of an origin id."""
    named = identity.root_of(origin_id)
    return named[0] if named else origin_id
