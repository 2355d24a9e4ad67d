"""The stable views of PostgreSQL, from one generation to the next: what others have made of them stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.postgresql import Postgresql
from relay.domain.failures import Fatal
from tests.views_topics import in_postgresql, postgresql
from workers.views.generation import Generation

FIRST, SECOND, THIRD = (Generation(version, "0" * 8) for version in (1, 2, 3))
OTHER_COLUMNS = """
DROP VIEW change_order_relay_v3_00000000.writes;
CREATE VIEW change_order_relay_v3_00000000.writes AS SELECT 1 AS other
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


def test_grants_and_dependents_outlive_a_new_generation(server: Postgresql, tmp_path: Path) -> None:
    kept = in_postgresql(server, tmp_path, "stable")
    with (
        kept.store() as store,
        psycopg.connect(server.url("stable"), password=server.PASSWORD, autocommit=True) as theirs,
    ):
        for generation in (FIRST, SECOND, THIRD):
            store.building(generation).dispose()
        store.publish(FIRST)
        theirs.execute("GRANT SELECT ON change_order_relay.writes TO PUBLIC")
        theirs.execute("CREATE VIEW theirs AS SELECT write_id FROM change_order_relay.writes")
        store.publish(SECOND)
        assert theirs.execute("SELECT * FROM theirs").fetchall() == []
        granted = (
            "SELECT 1 FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_name = 'writes'"
        )
        assert theirs.execute(granted).fetchone(), "what was granted is lost"
        theirs.execute(OTHER_COLUMNS)
        with pytest.raises(Fatal, match=r"change_order_relay\.writes has other columns.*view theirs depends on"):
            store.publish(THIRD)
        assert store.published() == SECOND
        theirs.execute("DROP VIEW theirs")
        store.publish(THIRD)
        assert theirs.execute("SELECT other FROM change_order_relay.writes").fetchall() == [(1,)]
