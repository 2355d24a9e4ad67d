"""Which decisions need a second person."""

from __future__ import annotations

from typing import Any

from relay.domain.commands import Operation
from relay.engine.configuration.document import Document
from relay.engine.configuration.problems import one_of
from relay.engine.configuration.sections import found

_DECISIONS = {operation.value: operation for operation in Operation if operation.is_decision}
_ALLOWED = f"a list of {one_of(list(_DECISIONS))}"


def read_second_person(document: Document, value: Any) -> frozenset[Operation]:
    """The decisions that one person proposes and another approves; without the key none are."""
    if value is None and not document.holds(("second_person",)):
        return frozenset()
    if not isinstance(value, list):
        document.blame(("second_person",), found(value), _ALLOWED)
        return frozenset()
    for at, word in enumerate(value):
        if not isinstance(word, str) or word not in _DECISIONS:
            document.blame(("second_person", at), found(word), one_of(list(_DECISIONS)))
    return frozenset(_DECISIONS[word] for word in value if isinstance(word, str) and word in _DECISIONS)
