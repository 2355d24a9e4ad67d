"""Names of the facts that a ledger entry keeps about the records of a remote system.

The same names stand in ``Command.observed``, where the mapper states what a source has shown of a record of ours; a
``verify`` compares the two, so that a name that differs on one side would send every ``verify`` to the remote system.
"""

from __future__ import annotations

from typing import Final


class CinxFact:
    """Facts about the POCOs of a change order; without a suffix they concern the latest one."""

    GUID: Final = "poco_guid"
    NUMBER: Final = "poco_number"
    URL: Final = "poco_url"
    LINES: Final = "poco_lines"
    """The hash of its lines."""
    STATE: Final = "poco_state"
    EARLIER: Final = "earlier_pocos"
    """JSON: pairs of guid and number of the POCOs before the latest."""
    MARK: Final = "poco_mark"
    """Set while our references are still to be written on a POCO that was made outside the relay."""
