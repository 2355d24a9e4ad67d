"""A month's deeds in an order of chance, each of them really done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from deploy.sandbox.process import ControlRefused

Deed = Callable[[], object]
"""``False``: there was nothing to do it to."""

_ROUNDS = 5
"""Of deeds that are all in vain: each chooses by chance to whom it is done."""


def live(deeds: Mapping[Deed, int], chance: Random, said: list[str], between: Deed) -> None:
    """Does each deed so many times. One that cannot be done yet comes again when the others are through, with
    ``between`` before it. Those that were done are said in their order. Fails where one can never be done.
    """
    waiting = [deed for deed, times in deeds.items() for _ in range(times)]
    for _ in range(_ROUNDS):
        chance.shuffle(waiting)
        waiting = [deed for deed in waiting if not _is_done(deed, said)]
        if not waiting:
            return
        between()
    raise AssertionError(f"never done: {sorted(deed.__name__ for deed in waiting)}; done: {' '.join(said)}")


def _is_done(deed: Deed, said: list[str]) -> bool:
    try:
        if deed() is False:
            return False
    except ControlRefused:
        return False  # People cannot do everything at any time.
    said.append(deed.__name__)
    return True
