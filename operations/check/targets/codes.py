"""Whether names are known in a list, and how it is said that they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from operations.check.result import Exchange
from operations.check.targets.answers import Answer, ProvenWrong, Unanswered
from operations.wording import counted
from relay.engine.configuration.document import Place

_MOST = 10
"""Names in a sentence."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one kind that a target would get, and where the file says them.

    ``stated_as``: by what :class:`operations.stated_codes.StatedCodes` finds them, if they are stated one by one.
    """

    noun: str
    texts: Iterable[str]
    place: Place
    remedy: str
    stated_as: str | None = None


class UnknownNames(ProvenWrong):
    """Names that a target would get and does not know: by name, what is wrong with it."""

    def __init__(self, names: Names, faults: Mapping[str, str], exchange: Exchange | None) -> None:
        self.names, self.faults = names, faults
        super().__init__(names.place, self.told({}), exchange)

    def told(self, places: Mapping[str, str]) -> str:
        """The sentence, with those places that are known, but for that of the first name."""
        listed = [
            f"{text!r} ({fault}{f'; {places[text]}' if at and text in places else ''})"
            for at, (text, fault) in enumerate(self.faults.items())
        ]
        more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
        plural = "" if len(listed) == 1 else "s"
        what = f"the {self.names.noun}{plural} {', '.join(listed[:_MOST])}{more}"
        return f"{what} would be sent there. {self.names.remedy}"


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
    faults = {text: fault for text in texts if (fault := answer.value(text)) is not None}
    if faults:
        raise UnknownNames(names, faults, answer.exchange)
    return f"{counted(len(texts), names.noun)} known"
