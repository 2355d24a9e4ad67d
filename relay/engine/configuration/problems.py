"""What is wrong with a configuration, told so that it can be mended without reading code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from relay.domain.failures import Fatal


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    ``file`` is the file's name, or the word ``environment``; ``line`` counts from 1, and is 0
    where there is no line. ``key`` is a dotted path (``routes[0].targets[1].tiers``) or a
    variable's name.
    """

    file: str
    line: int
    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key or 'the file'}: found {self.found}; allowed: {self.allowed}"


class ConfigurationError(Fatal):
    """The configuration is wrong: exit code 2, before anything is consumed. All problems are listed.

    ``file``, ``line``, ``key``, ``found`` and ``allowed`` are those of the first one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        self.file, self.line, self.key = first.file, first.line, first.key
        self.found, self.allowed = first.found, first.allowed
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsError(ConfigurationError):
    """An environment variable is missing or wrong: exit code 2."""


_LONGEST = 80


def shown(value: object) -> str:
    """A value as it is quoted in a message: short, on one line."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def shown_address(text: str) -> str | None:
    """How an address is quoted that may hold a secret, or ``None`` for one that holds none.

    A password stands before an ``@``, a token often in the query.
    """
    if "@" in text:
        return "an address with credentials, which are not shown"
    address, *rest = re.split(r"[?#]", text, maxsplit=1)
    return f"{shown(address)} with a query or fragment, which is not shown" if rest else None


def one_of(values: Sequence[str]) -> str:
    """``a, b or c``."""
    names = [str(value) for value in values]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def nearest(name: str, known: Sequence[str], *, cutoff: float = 0.7) -> str | None:
    """The known name that was probably meant."""
    close = get_close_matches(name, [str(one) for one in known], n=1, cutoff=cutoff)
    if close:
        return close[0]
    longer = [str(one) for one in known if len(name) > 3 and str(one).startswith(f"{name}_")]
    return longer[0] if len(longer) == 1 else None
