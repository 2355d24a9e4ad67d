"""Regular expressions of a person, found in texts of strangers in a time that grows with the text alone.

``re`` tries one way after the other, and there may be exponentially many: ``(a+)+$`` over thirty letters takes minutes,
``.*x`` over a long description too, and nothing else of the process runs meanwhile. RE2 follows all ways at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import re2


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False  # It would write to standard error what is raised anyway.
    return options


_OPTIONS = _options()


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression as RE2 takes it. Thread-safe.

    Raises ``ValueError`` for one that is none, that looks ahead, behind or back to a group, or that is too large.
    """

    source: str
    _compiled: Any = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            compiled = re2.compile(self.source, _OPTIONS)
        except re2.error as error:
            said = error.args[0].decode(errors="replace") if error.args else "it is none"
            raise ValueError(said) from None
        object.__setattr__(self, "_compiled", compiled)

    def is_found_in(self, text: str) -> bool:
        """Whether it fits anywhere in the text."""
        return self._compiled.search(text.encode(errors="replace")) is not None
