"""One request and one answer, as a simulated remote sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Call:
    """One request. ``path`` is percent-decoded; header names are in lower case."""

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...] = ()
    """The query in its order, every occurrence of a name."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    target: str = ""
    """Path and query as they came."""

    @cached_property
    def query(self) -> dict[str, str]:
        """The last value of each name of the query."""
        return dict(self.pairs)

    def values(self, name: str) -> list[str]:
        """Every value of one name of the query."""
        return [value for key, value in self.pairs if key == name]

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class Answer:
    """One answer before compression; ``gzip`` compresses it for a caller who accepts that."""

    status: int
    body: bytes | str = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    gzip: bool = False

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self.body.encode("utf-8") if isinstance(self.body, str) else self.body

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body if isinstance(self.body, str) else self.body.decode("utf-8", "replace")
