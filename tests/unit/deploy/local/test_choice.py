from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local import NothingToRunOn, StartFailed, broker, kafka, registry
from deploy.local.choice import Ways


@dataclass
class Pretended:
    """Stands for a broker or a registry of one way, and notes what is done with it."""

    way: str
    log: list[str]
    fails: Exception | None = None
    bootstrap_servers: str = "127.0.0.1:9092"
    sasl_bootstrap_servers: str | None = None
    url: str = "http://127.0.0.1:8080"

    def open(self) -> None:
        self.log.append(f"open {self.way}")
        if self.fails:
            raise self.fails

    def close(self) -> None:
        self.log.append(f"close {self.way}")

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


@pytest.fixture(autouse=True)
def no_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@dataclass
class Machine:
    """A machine with or without a Docker engine."""

    engine: bool
    log: list[str] = field(default_factory=list)
    data: list[Path | None] = field(default_factory=list)
    fails: Exception | None = None

    def java(self, data: Path | None) -> Pretended:
        self.data.append(data)
        return Pretended("java", self.log, self.fails)

    @property
    def ways(self) -> Ways:
        return Ways(
            engine_answers=lambda: self.engine,
            container_broker=lambda: Pretended("container", self.log),
            container_registry=lambda: Pretended("container", self.log),
            java_broker=self.java,
            java_registry=lambda: Pretended("java", self.log),
        )


def test_the_named_cluster_comes_first_and_nothing_is_started() -> None:
    machine = Machine(engine=True)
    with kafka({"COR_KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092"}, ways=machine.ways) as found:
        assert found.bootstrap_servers == "kafka.example:9092"
        assert found.sasl_bootstrap_servers is None
    assert machine.log == []


def test_a_docker_engine_comes_before_the_local_java() -> None:
    machine = Machine(engine=True)
    with kafka({}, ways=machine.ways) as found:
        assert found.way == "container"
    assert machine.log == ["open container", "close container"]


def test_without_an_engine_the_local_java_runs_it() -> None:
    machine = Machine(engine=False)
    with kafka({"COR_KAFKA_BOOTSTRAP_SERVERS": ""}, ways=machine.ways) as found:
        assert found.way == "java"
    assert machine.log == ["open java", "close java"]


def test_a_named_engine_that_does_not_answer_is_told_and_nothing_else_is_started() -> None:
    machine = Machine(engine=False)
    named = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
    for choose in (kafka, broker, registry):
        with (
            pytest.raises(NothingToRunOn, match=r"DOCKER_HOST names tcp://127.0.0.1:1"),
            choose(named, ways=machine.ways),
        ):
            pass
    assert machine.log == []


def test_a_broker_to_be_stopped_is_never_the_named_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    with broker(ways=Machine(engine=False).ways) as own:
        assert own.bootstrap_servers != "kafka.example:9092"


def test_data_that_is_to_be_kept_wants_the_local_java(tmp_path: Path) -> None:
    machine = Machine(engine=True)
    with broker(data=tmp_path, ways=machine.ways) as own:
        assert own.bootstrap_servers
    assert machine.data == [tmp_path]
    assert machine.log == ["open java", "close java"]


@pytest.mark.parametrize("way", ["container", "java"])
def test_the_registry_is_found_in_the_same_order(way: str) -> None:
    machine = Machine(engine=way == "container")
    with registry({"COR_SCHEMA_REGISTRY_URL": "http://registry.example"}, ways=machine.ways) as named:
        assert named.url == "http://registry.example"
    assert machine.log == []
    with registry({}, ways=machine.ways) as found:
        assert found.way == way
    assert machine.log == [f"open {way}", f"close {way}"]


def test_what_did_not_start_is_ended_all_the_same() -> None:
    machine = Machine(engine=False, fails=StartFailed("no"))
    with pytest.raises(StartFailed), broker(ways=machine.ways):
        pass
    assert machine.log == ["open java", "close java"]


def test_a_machine_with_nothing_is_told_what_would_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(NothingToRunOn) as told, broker(ways=Ways(engine_answers=lambda: False)):
        pass
    for remedy in ("Java 17", "Maven", "Docker", "COR_KAFKA_BOOTSTRAP_SERVERS"):
        assert remedy in str(told.value)


def test_an_old_java_is_told_as_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NothingToRunOn, match=r"Java 11; 17 or newer"), broker(ways=Ways(engine_answers=lambda: False)):
        pass
