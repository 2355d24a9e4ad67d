"""Apache Kafka on the local Java."""

from __future__ import annotations

import subprocess
from pathlib import Path

from deploy.local.broker_settings import CLUSTER_ID, Listeners, as_properties, broker_settings
from deploy.local.child import Child
from deploy.local.java import java
from deploy.local.maven import fetch
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import add_user, kafka_answers, wait_until
from deploy.local.scratch import Scratch
from deploy.local.services import PASSWORD, USER, StartFailed

_LOG4J = Path(__file__).with_name("log4j2.properties")
_MEMORY = ("-Xms96m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto")


class JavaBroker:
    """One broker that is its own controller. Implements :class:`deploy.local.services.Broker`.

    ``data``: a folder that is kept, or ``None`` for one that is removed at :meth:`close`.
    """

    way = "Apache Kafka on the local Java"

    def __init__(self, data: Path | None = None) -> None:
        self._program = java()
        self._jars = fetch("kafka", "copy-dependencies")
        if data is None:
            self._scratch: Scratch | None = Scratch("kafka")
            self._folder = self._scratch.path
        else:
            self._scratch, self._folder = None, data
            data.mkdir(parents=True, exist_ok=True)
        self._plain, self._sasl, own, controller = free_ports(4)
        self._properties = self._folder / "server.properties"
        self._listeners = Listeners(plain=self._plain, sasl=self._sasl, own=own, controller=controller)
        self._child = Child("Kafka", self._command("kafka.Kafka", str(self._properties)), self._folder / "broker.log")

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._plain}"

    @property
    def sasl_bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._sasl}"

    @property
    def pid(self) -> int | None:
        """The number of its process while it runs."""
        return self._child.pid

    def open(self) -> None:
        """Prepares the data folder, starts the broker and makes its user."""
        data = self._folder / "data"
        self._properties.write_text(as_properties(broker_settings(self._listeners, str(data))))
        if not (data / "meta.properties").exists():
            self._format()
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

    def _format(self) -> None:
        arguments = ("format", "-t", CLUSTER_ID, "-c", str(self._properties))
        command = self._command("kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartFailed(f"Kafka could not format its folder:\n{done.stdout}{done.stderr}")

    def _command(self, main: str, *arguments: str) -> list[str]:
        log = f"-Dlog4j2.configurationFile={_LOG4J}"
        return [self._program, *_MEMORY, log, "-cp", f"{self._jars}/*", main, *arguments]
