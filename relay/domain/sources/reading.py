"""What reading a native record gives, whichever source it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.change_order import ChangeOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What our mark on a record says. ``echo``: the record's content is what we wrote, by the mark.

    ``sequence`` and ``idempotency_key`` are of the command that wrote it last.
    """

    origin_id: str
    echo: bool = False
    sequence: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A change order in canonical form and what could not be read of its source.

    ``modified_at`` is the source's own text. ``item_order`` gives, for each native item handed in,
    its place in the canonical order. ``own`` is set on a record that we ourselves wrote.
    """

    change_order: ChangeOrder
    defects: tuple[str, ...]
    modified_at: str | None
    item_order: tuple[int, ...]
    own: Own | None = None
