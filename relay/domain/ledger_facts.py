"""Names in the ledger of a change order: the parts that were accepted, and the facts of the remote's records.

A ``verify`` command carries parts and facts that a source has just read, under the same names (``Command.observed``).
The mapper writes them and the writers compare them with their ledgers, so both take the names from here: under a
name that only one side knows every ``verify`` would have to ask the remote.
"""

from __future__ import annotations

from typing import Final

_LINE: Final = "line:"


class LedgerFact:
    """Facts of either system. ``REBUILT``: the ledger was lost, and what it says now was not held against the remote
    yet, so that nothing is written on its word alone. ``DOUBTED``: parts that a call in doubt may have written, with
    their hashes, as JSON; another revision has followed, and the record was not looked at since.
    """

    REBUILT: Final = "rebuilt"
    DOUBTED: Final = "doubted"


class ProcoreFact:
    """Facts of Procore's records. The id of a line stands under the name of its part, see :class:`ProcorePart`.

    ``FIELDS``: the optional fields that were ever filled, with commas between. ``UNCLAIMED``: lines that people typed
    still have to get origin ids. ``EVENT``: the event that the accepted content came from.
    """

    PCO: Final = "pco_id"
    PACKAGE: Final = "package_id"
    REQUEST: Final = "request_id"
    NUMBER: Final = "number"
    PACKAGE_NUMBER: Final = "package_number"
    REQUEST_NUMBER: Final = "request_number"
    URL: Final = "url"
    PACKAGE_URL: Final = "package_url"
    TIERS: Final = "tiers"
    FIELDS: Final = "fields"
    NUMBER_REFUSED: Final = "number_refused"
    NUMBER_SUFFIX: Final = "number_suffix"
    UNCLAIMED: Final = "unclaimed_lines"
    EVENT: Final = "event"


class ProcorePart:
    """Parts of a change order at Procore; the ledger keeps a hash of what each was accepted with."""

    HEADER: Final = "header"
    NUMBER: Final = "number"
    STATUS: Final = "status"
    PACKAGE: Final = "package"
    PACKAGE_STATUS: Final = "package_status"
    LINK: Final = "link"
    REQUEST: Final = "request"
    REQUEST_STATUS: Final = "request_status"
    REQUEST_LINK: Final = "request_link"
    CLAIM: Final = "claim"
    REASON: Final = "reason"


def line_part(item_id: str) -> str:
    """The part that an item becomes."""
    return f"{_LINE}{item_id}"


def is_line(part: str) -> bool:
    """Whether the part is a line."""
    return part.startswith(_LINE)


def item_of(part: str) -> str:
    """The item behind a line's part."""
    return part.removeprefix(_LINE)


class CinxPart:
    """Parts of a change order at CINX. ``POCO``: its POCOs as a whole say what the payload says."""

    POCO: Final = "poco"


class CinxFact:
    """Facts of the POCOs of a change order, of the latest one but for ``EARLIER``: JSON of guids and numbers before it.

    ``MARK``: our references are still to be written on a POCO that somebody else has made.
    """

    GUID: Final = "poco_guid"
    NUMBER: Final = "poco_number"
    URL: Final = "poco_url"
    LINES: Final = "poco_lines"
    STATE: Final = "poco_state"
    EARLIER: Final = "earlier_pocos"
    MARK: Final = "poco_mark"
