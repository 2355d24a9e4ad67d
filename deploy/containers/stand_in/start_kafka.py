"""Starts Kafka in the stand-in as the official image does: settings from ``KAFKA_...``, the id from ``CLUSTER_ID``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_PREFIX = "KAFKA_"
_PROPERTIES = Path("/tmp/server.properties")  # noqa: S108  (of the container)
_HEAP = "KAFKA_HEAP_OPTS"
_JAVA = ("/opt/java/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", "/opt/kafka/*")


def properties(environment: Mapping[str, str]) -> dict[str, str]:
    """Kafka's settings by its own names.

    Source: Apache Kafka, 'Docker image usage guide': three underscores are a hyphen, two are an underscore, one is
    a dot.
    """
    return {
        _name(variable.removeprefix(_PREFIX)): value
        for variable, value in environment.items()
        if variable.startswith(_PREFIX) and variable != _HEAP
    }


def _name(variable: str) -> str:
    return variable.lower().replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


def main() -> None:
    """Writes the settings, formats the data folder once, and becomes the broker."""
    settings = properties(os.environ)
    java = [*_JAVA[:1], *os.environ.get(_HEAP, "-Xmx512m").split(), *_JAVA[1:]]
    _PROPERTIES.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    if not (Path(settings["log.dirs"]) / "meta.properties").exists():
        identity = ["format", "-t", os.environ["CLUSTER_ID"], "-c", str(_PROPERTIES)]
        subprocess.run([*java, "kafka.tools.StorageTool", *identity], check=True)
    os.execv(java[0], [*java, "kafka.Kafka", str(_PROPERTIES)])  # noqa: S606  (the broker takes the signals)


if __name__ == "__main__":
    main()
