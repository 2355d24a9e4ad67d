"""Which tables: a version of them, made of these very topics. What differs in either is built anew, beside the old."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from workers.views.stable_views import VIEWS
from workers.views.tables import METADATA, PROGRESS
from workers.views.upserts import insert_once

_NAME = re.compile(r"v(\d+)_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Generation:
    """``version`` of the tables; ``topics``: a mark of the topics' names and ids."""

    version: int
    topics: str

    @classmethod
    def of(cls, version: int, topic_ids: Mapping[str, str]) -> Generation:
        """That of a version and of topics, by their names."""
        text = "\n".join(f"{name} {topic_id}" for name, topic_id in sorted(topic_ids.items()))
        return cls(version, hashlib.sha256(text.encode()).hexdigest()[:8])

    @classmethod
    def named(cls, name: str) -> Generation | None:
        """The one of this name, if it is one's."""
        found = _NAME.fullmatch(name)
        return cls(int(found[1]), found[2]) if found else None

    @property
    def name(self) -> str:
        """As files and schemas are named."""
        return f"v{self.version}_{self.topics}"


def make_tables(connection: Connection, existing: set[str]) -> None:
    """Makes tables and stable views where they are not there. ``existing``: names of the views that are."""
    METADATA.create_all(connection)
    insert_once(connection, PROGRESS, [{"id": 1}])
    for name, query in VIEWS.items():
        if name not in existing:
            connection.execute(text(f"CREATE VIEW {name} AS {query}"))
