"""Where planning stops: something has to be read first, or the command cannot be carried."""

from __future__ import annotations

from relay.engine.writer.adapter import NeedsReview, Plan, Reject


class PlanStopped(Exception):
    """``plan`` is what has to be done first, or why nothing can be."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(type(plan).__name__)
        self.plan = plan


def stop_rejected(reason: str, sentence: str) -> PlanStopped:
    """Nothing (more) is sent; ``reason`` without the name of the remote."""
    return PlanStopped(reject(reason, sentence))


def reject(reason: str, sentence: str, *, rest: float = 0.0) -> Reject:
    """The same as a plan. ``rest``: see :class:`relay.engine.writer.carrier.Refuse`."""
    return Reject(reason=f"cinx.{reason}", sentence=sentence, rest=rest)


def needs_decision(reason: str, sentence: str, *sides: str) -> NeedsReview:
    """A person has to say ``adopt`` or ``resubmit`` before anything more is carried for the change order."""
    return NeedsReview(reason=f"cinx.{reason}", sentence=sentence, sides=sides, held=True)
