"""How planning stops: the command is rejected, or a person has to decide."""

from __future__ import annotations

from relay.engine.writer.adapter import NeedsReview, Plan, Reject


class PlanStopped(Exception):
    """A value that planning needs cannot be had: ``plan`` is the step that reads it, or says why it does not exist.

    Raised by what computes values (reads, look-ups, the document) and caught once, where planning begins. What chooses
    between plans returns them.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(type(plan).__name__)
        self.plan = plan


def stop_rejected(reason: str, sentence: str) -> PlanStopped:
    """The exception that ends planning with :func:`reject`."""
    return PlanStopped(reject(reason, sentence))


def reject(reason: str, sentence: str, *, rest: float = 0.0) -> Reject:
    """A rejection; ``reason`` is without the name of the remote. ``rest``: see :class:`Reject`, in seconds."""
    return Reject(reason=f"cinx.{reason}", sentence=sentence, rest=rest)


def needs_decision(reason: str, sentence: str, *sides: str) -> NeedsReview:
    """The question to a person, who has to say ``adopt`` or ``resubmit`` before anything more is sent."""
    return NeedsReview(reason=f"cinx.{reason}", sentence=sentence, sides=sides, held=True)
