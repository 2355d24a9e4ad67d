"""Whether names are known in a list, and how it is said that they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from operations.check.result import Exchange
from operations.check.targets.answers import Answer, ProvenWrong, Unanswered
from relay.engine.configuration.document import Place

_MOST = 10
"""Names in a sentence."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one kind that a target would get, and where the file says them."""

    noun: str
    texts: Iterable[str]
    place: Place
    remedy: str


def prove_names(names: Names, lookup: Callable[[], Answer[Callable[[str], str | None]]]) -> str | None:
    """What is so; ``None`` where nothing was to be proven. Raises ``ProvenWrong`` and ``CallsSpent``.

    ``lookup``: a list of the remote as a question for one name, which answers what is wrong with it.
    """
    texts = sorted(set(names.texts))
    if not texts:
        return None
    try:
        answer = lookup()
    except Unanswered as refused:
        return f"cannot tell whether the {names.noun}s are known: {refused}"
    wrong = [f"{text!r} ({fault})" for text in texts if (fault := answer.value(text)) is not None]
    if wrong:
        raise _wrong(names, wrong, answer.exchange)
    return f"{len(texts)} {names.noun}{'' if len(texts) == 1 else 's'} known"


def _wrong(names: Names, wrong: list[str], exchange: Exchange | None) -> ProvenWrong:
    listed = ", ".join(wrong[:_MOST]) + (f" and {len(wrong) - _MOST} more" if len(wrong) > _MOST else "")
    return ProvenWrong(names.place, f"the {names.noun} {listed} would be sent there. {names.remedy}", exchange)
