from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

import workers.views.stage as stage_of_views
from deploy.local import Kafka
from deploy.local.postgresql import Postgresql
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.kafka import Cluster, Connection, Partition
from relay.engine.provision import apply
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import OBSERVED
from tests.conftest import PARTITIONS
from tests.faults.harness import awaited
from tests.integration.cli.conftest import CONFIGURATION
from tests.unit.workers.views.tables import observed, wrote
from tests.unit.workers.views.test_folds import STORY
from tests.views_topics import Tables, expected, in_postgresql, in_sqlite, postgresql, write
from workers.views.generation import Generation
from workers.views.stage import Views
from workers.views.store import Store, read_moment
from workers.views.tables import SHARES

ROUTES = """
routes:
  - from: {system: constructiononline, account: acme, project: 7}
    mode: live
    targets:
      - {name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}
      - {name: rebar, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2, match: {name: [Rebar]}}
"""
"""As the unit tests have them."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, prefix: str) -> Tables:
    if request.param == "sqlite":
        return in_sqlite(tmp_path)
    return in_postgresql(request.getfixturevalue("server"), tmp_path, prefix)


class Process:
    """A process with the stage alone."""

    def __init__(self, folder: Path, kafka: Kafka, connection: Connection, prefix: str, kept: Tables) -> None:
        self._folder, self._kafka, self._connection, self._prefix, self._kept = folder, kafka, connection, prefix, kept
        (folder / "secret").write_text("secret-of-the-test", encoding="utf-8")
        self.configure(ROUTES)

    def configure(self, routes: str) -> None:
        head = CONFIGURATION.partition("routes:")[0].format(url="http://127.0.0.1:1")
        (self._folder / "cor.yaml").write_text(head + routes, encoding="utf-8")

    def run(self, version: int = 1) -> None:
        """Until nothing is left to do."""
        context = self._context()
        stages = [Views(context, version=version, pause=0.05)]
        assert run_stages(stages, stop=context.stop, health=context.health, shutdown_budget=30, once=True) == 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """For the length of the block."""
        context = self._context()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(Views(context, pause=0.05).run)
            try:
                yield
            finally:
                context.stop.set()
            running.result()

    def _context(self) -> StageContext:
        metrics, stop, health = Metrics(), threading.Event(), Health()
        named = {name.removeprefix("COR_").lower(): value for name, value in self._kept.environment.items()}
        settings = Settings(
            kafka_bootstrap_servers=self._kafka.bootstrap_servers,
            topic_prefix=self._prefix,
            **named,  # type: ignore[arg-type]
        )
        return StageContext(
            settings=settings,
            configuration=LiveConfiguration(self._folder / "cor.yaml", metrics),
            connection=self._connection,
            codec=record_codec(),
            stop=stop,
            health=health,
            metrics=metrics,
        )


@pytest.fixture
def process(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, kept: Tables) -> Process:
    return Process(tmp_path, kafka, connection, provisioned, kept)


def test_the_tables_are_what_the_topics_tell(
    process: Process, connection: Connection, provisioned: str, kept: Tables
) -> None:
    write(connection, provisioned, STORY)
    process.run()
    assert kept.dump() == expected(connection, provisioned)
    write(connection, provisioned, [*STORY, observed("21", 30), wrote("17", 30, "5")])
    process.run()
    found = kept.dump()
    assert found == expected(connection, provisioned)
    assert found["shares"]
    with kept.store() as store, read_moment(store) as moment:
        assert moment is not None
        for view in ("change_order_log", "open_items", "writes"):
            assert moment.execute(text(f"SELECT * FROM {view}")).all()


def test_a_new_version_is_read_once_it_has_everything(
    process: Process, connection: Connection, provisioned: str, kept: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(connection, provisioned, STORY)
    process.run()
    seen: list[int] = []
    publish = stage_of_views._publish

    def published(store: Store, generation: Generation) -> None:
        before = store.published()
        assert before is not None
        seen.append(before.version)
        assert kept.dump() == expected(connection, provisioned), "the old tables are not read meanwhile"
        publish(store, generation)

    monkeypatch.setattr(stage_of_views, "_publish", published)
    process.run(version=2)
    assert seen == [1]
    with kept.store() as store:
        now = store.published()
    assert now is not None
    assert now.version == 2
    assert kept.dump() == expected(connection, provisioned)
    process.run()  # The older release, still there during an update, takes nothing back.
    with kept.store() as store:
        assert store.published() == now


def test_other_topics_under_the_same_names_are_folded_anew(
    process: Process, connection: Connection, provisioned: str, kept: Tables
) -> None:
    write(connection, provisioned, STORY)
    process.run()
    with kept.store() as store:
        before = store.published()
    remake(connection, provisioned)
    write(connection, provisioned, STORY[:3])
    process.run()
    assert kept.dump() == expected(connection, provisioned)
    with kept.store() as store:
        assert store.published() not in (before, None)


def test_changed_routes_share_out_anew_while_it_runs(
    process: Process, connection: Connection, provisioned: str, kept: Tables
) -> None:
    write(connection, provisioned, STORY)
    with process.running():
        awaited(lambda: targets(kept) == {"", "owner", "rebar"}, "the shares by the first routes")
        process.configure(ROUTES.replace("name: rebar", "name: framing").replace("44021", "44022"))
        awaited(lambda: targets(kept) == {"", "owner", "framing"}, "the shares by the second")


def test_a_second_instance_that_is_quicker_is_no_loss(
    process: Process, connection: Connection, provisioned: str, kept: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads and moves on between this one's look at the ends and what follows."""
    write(connection, provisioned, STORY)
    ends, quicker = Cluster.end_offsets, [STORY[:3]]

    def looked_at(cluster: Cluster, partitions: Sequence[Partition]) -> dict[Partition, int]:
        found = ends(cluster, partitions)
        if quicker:
            write(connection, provisioned, quicker.pop())
            process.run()
        return found

    monkeypatch.setattr(Cluster, "end_offsets", looked_at)
    process.run()
    assert not quicker
    assert kept.dump() == expected(connection, provisioned)


def targets(kept: Tables) -> set[str]:
    """Those that take something."""
    with kept.store() as store, read_moment(store) as moment:
        return set() if moment is None else set(moment.scalars(select(SHARES.c.target)))


def remake(connection: Connection, prefix: str) -> None:
    """Deletes a topic and makes it again."""
    with Cluster(connection) as cluster:
        name = OBSERVED.name(prefix)
        cluster.delete([name])
        awaited(lambda: name not in cluster.topics(), "the topic to go")
        apply(cluster, prefix, partitions=PARTITIONS)
