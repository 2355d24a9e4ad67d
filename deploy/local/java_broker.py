"""Apache Kafka on the local Java."""

from __future__ import annotations

from pathlib import Path

from deploy.local.broker_settings import Listeners, as_properties, broker_settings
from deploy.local.child import Child
from deploy.local.java_kafka import JavaKafka
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import add_user, kafka_answers, wait_until
from deploy.local.scratch import Scratch
from deploy.local.services import PASSWORD, USER


class JavaBroker:
    """One broker that is its own controller. Implements :class:`deploy.local.services.Broker`.

    ``data``: a folder that is kept, or ``None`` for one that is removed at :meth:`close`. ``host``: an address of this
    machine by which others reach it; then it listens on every one.
    """

    way = "Apache Kafka on the local Java"

    def __init__(self, data: Path | None = None, host: str = LOOPBACK) -> None:
        self._kafka = JavaKafka()
        if data is None:
            self._scratch: Scratch | None = Scratch("kafka")
            self._folder = self._scratch.path
        else:
            self._scratch, self._folder = None, data
            data.mkdir(parents=True, exist_ok=True)
        self._plain, self._sasl, own, controller = free_ports(4)
        self._properties = self._folder / "server.properties"
        self._host = host
        self._listeners = Listeners(
            plain=self._plain,
            sasl=self._sasl,
            own=own,
            controller=controller,
            bind=LOOPBACK if host == LOOPBACK else "0.0.0.0",  # noqa: S104 - so that it answers here, too
            host=host,
        )
        self._child = Child("Kafka", self._kafka.server(self._properties), self._folder / "broker.log")

    @property
    def bootstrap_servers(self) -> str:
        return f"{self._host}:{self._plain}"

    @property
    def sasl_bootstrap_servers(self) -> str:
        return f"{self._host}:{self._sasl}"

    @property
    def pid(self) -> int | None:
        """The number of its process while it runs."""
        return self._child.pid

    def open(self) -> None:
        """Prepares the data folder, starts the broker and makes its user."""
        data = self._folder / "data"
        self._properties.write_text(as_properties(broker_settings(self._listeners, str(data))))
        if not (data / "meta.properties").exists():
            self._kafka.format(self._properties)
        self.start()
        add_user(self._plain, USER, PASSWORD)

    def start(self) -> None:
        self._child.start()
        wait_until(
            lambda: kafka_answers(self._plain),
            alive=lambda: self._child.running,
            words=lambda: f"Kafka's log, {self._child.log}, ends with:\n{self._child.log_end()}",
        )

    def stop(self) -> None:
        self._child.stop()

    def kill(self) -> None:
        self._child.kill()

    def close(self) -> None:
        if self._scratch is None:
            self._child.stop()
        else:
            self._child.kill()
            self._scratch.remove()
