"""The released Kafka's programs on the local Java."""

from __future__ import annotations

import subprocess
from pathlib import Path

from deploy.local.broker_settings import CLUSTER_ID
from deploy.local.java import java
from deploy.local.maven import fetch
from deploy.local.services import StartFailed

_LOG4J = Path(__file__).with_name("log4j2.properties")
_MEMORY = ("-Xms96m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto")


class JavaKafka:
    """Command lines of Kafka's programs. Raises ``NothingToRunOn`` without Java 17 or Maven.

    ``short_lived``: compiled quickly rather than well, for programs that are started again and again.
    """

    def __init__(self, *, short_lived: bool = False) -> None:
        self._program = java()
        self._flags = (*_MEMORY, *(("-XX:TieredStopAtLevel=1",) if short_lived else ()))
        self._jars = fetch("kafka", "copy-dependencies")

    def server(self, properties: Path) -> list[str]:
        """What starts a node. What it unpacks lies beside its properties, and goes with them, killed or not."""
        return self._command("kafka.Kafka", str(properties), folder=properties.parent)

    def format(self, properties: Path, *, before: tuple[str, ...] = ()) -> None:
        """Makes a node's folder ready for its first start. ``before``: a command that runs the command after it.

        Raises ``StartFailed`` with Kafka's own words.
        """
        arguments = ("format", "-t", CLUSTER_ID, "-c", str(properties))
        command = [*before, *self._command("kafka.tools.StorageTool", *arguments, folder=properties.parent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartFailed(f"Kafka could not format its folder:\n{done.stdout}{done.stderr}")

    def _command(self, main: str, *arguments: str, folder: Path) -> list[str]:
        own = (f"-Dlog4j2.configurationFile={_LOG4J}", f"-Djava.io.tmpdir={folder}")
        return [self._program, *self._flags, *own, "-cp", f"{self._jars}/*", main, *arguments]
