"""Where planning stops: something has to be read first, or the command cannot be carried."""

from __future__ import annotations

from relay.engine.writer.adapter import Plan, Refuse, Review


class Halt(Exception):
    """``plan`` is what has to be done first, or why nothing can be."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(type(plan).__name__)
        self.plan = plan


def refused(reason: str, sentence: str) -> Halt:
    """Nothing (more) is sent; ``reason`` without the name of the remote."""
    return Halt(refusal(reason, sentence))


def refusal(reason: str, sentence: str, *, rest: float = 0.0) -> Refuse:
    """The same as a plan. ``rest``: see :class:`relay.engine.writer.carrier.Refuse`."""
    return Refuse(reason=f"cinx.{reason}", sentence=sentence, rest=rest)


def decision(reason: str, sentence: str, *sides: str) -> Review:
    """A person has to say ``adopt`` or ``resubmit`` before anything more is carried for the change order."""
    return Review(reason=f"cinx.{reason}", sentence=sentence, sides=sides, held=True)
