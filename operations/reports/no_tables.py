"""There are no tables yet."""

from __future__ import annotations

from operations.errors import Refused


class NoTables(Refused):
    """There is nothing to read from yet. ``place``: where it would be."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"the tables of views are not there yet ({place}): `cor run views` makes them of the topics; where it runs "
            "elsewhere, COR_VIEWS_URL names its database"
        )
