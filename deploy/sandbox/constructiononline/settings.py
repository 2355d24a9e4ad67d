"""What the documentation leaves open, as settings with the likeliest answer as default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from deploy.sandbox.shell import Adjustable


@dataclass
class Settings(Adjustable):
    """How this simulated account answers; changed under ``/_sandbox/settings``."""

    CHOICES: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "credential_refusal": (401, 403, 400, 404),
        "list_shape": ("array", "wrapped"),
        "empty_list": ("array", "null", "empty_body"),
        "single_row": ("array", "object"),
        "order": ("id", "modified", "shuffle"),
        "throttle_wording": ("seconds", "minutes", "clock", "silent", "remaining", "member"),
        "missing_record": ("message", "resource", "silent", "null", "empty_body"),
        "numbers": ("number", "text", "separated", "fraction"),
        "layout": ("compact", "indented"),
    }

    credential_refusal: int = 401
    """Status for a wrong login or key. Not documented; 401, 403, 400 and 404 are all thinkable."""
    list_shape: str = "array"
    """A list as a bare array, or ``wrapped`` in an object under ``wrapper_key``."""
    wrapper_key: str = "Data"
    empty_list: str = "array"
    """A list without rows: ``[]``, ``null`` or an empty body ("empty response" for lump sums)."""
    single_row: str = "array"
    """A list with one row: an array of one, or that ``object`` itself."""
    order: str = "id"
    """Order of list results; ``shuffle`` gives another order at each call."""
    item_edit_moves_parent: bool = False
    """Whether editing, adding or removing an item moves the change order's DATE_MODIFIED."""
    edit_reverts_approval: bool = True
    """Any edit of an approved change order sets it back to pending (help, "Set project taxes")."""
    approval_touches_items: bool = False
    """Whether a change of CONDITION moves the items' own DATE_MODIFIED."""
    archived_included: bool = True
    """Whether change orders of archived projects are in the listings of the company."""
    retry_after: bool = True
    """Whether a 429 carries ``Retry-After``."""
    throttle_wording: str = "seconds"
    """How a 429 tells the wait; ``silent`` names the limit only, ``member`` has seconds in a member of their own."""
    missing_record: str = "message"
    """What a single call says of an unknown id: 404 with a ``message``, with the one about a ``resource`` that an
    unknown address gets too, or ``silent``; or 200 with ``null`` or nothing. Only the 404 is documented."""
    numbers: str = "number"
    """Numbers as such, as ``text``, as text with separators of thousands, or all with a ``fraction``."""
    layout: str = "compact"
    """Whether JSON is ``indented``, so that an object looks otherwise in a list than alone."""
    unset_dates: bool = False
    """Whether a date that is missing is written as .NET's first day instead of null."""
    utc_offset_minutes: int = 0
    """The zone of all date-times, which the answers never state."""
    gzip: bool = True
    """Whether an answer is compressed for a caller who accepts gzip."""
