"""Apicurio Registry on the local Java, its content in memory."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path

from deploy.local.child import Child
from deploy.local.java import java
from deploy.local.maven import fetch
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import http_answers, wait_until
from deploy.local.scratch import Scratch

CONFLUENT_PATH = "/apis/ccompat/v7"
_MEMORY = ("-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")


class JavaRegistry:
    """Implements :class:`deploy.local.services.Registry`."""

    way = "Apicurio Registry on the local Java"

    def __init__(self) -> None:
        program, home = java(), unpacked()
        self._port = free_ports(1)[0]
        self._scratch = Scratch("registry")
        runner = next(home.glob("*-runner.jar"))
        self._child = Child(
            "Apicurio Registry",
            [program, *_MEMORY, f"-Djava.io.tmpdir={self._scratch.path}", "-jar", str(runner)],
            self._scratch.path / "registry.log",
            {
                "QUARKUS_HTTP_HOST": LOOPBACK,
                "QUARKUS_HTTP_PORT": str(self._port),
                "QUARKUS_LOG_LEVEL": "WARN",
                "QUARKUS_BANNER_ENABLED": "false",
                "QUARKUS_MANAGEMENT_ENABLED": "false",
            },
        )

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}{CONFLUENT_PATH}"

    def open(self) -> None:
        """Starts it and returns when it answers. Raises :class:`deploy.local.services.StartFailed`."""
        self._child.start()
        wait_until(
            lambda: http_answers(f"{self.url}/subjects"),
            alive=lambda: self._child.running,
            words=lambda: f"Apicurio Registry's log ends with:\n{self._child.log_end()}",
        )

    def close(self) -> None:
        """Ends it; its content is gone."""
        self._child.kill()
        self._scratch.remove()


def unpacked() -> Path:
    """The folder with the released program, fetched and unpacked only where it is not there yet."""
    fetched = fetch("registry", "copy")
    home = fetched / "unpacked"
    if not home.exists():
        partial = Path(tempfile.mkdtemp(dir=fetched))
        with tarfile.open(next(fetched.glob("*.tar.gz"))) as archive:
            archive.extractall(partial, filter="data")
        _rename_unless_there(partial, home)
    return home


def _rename_unless_there(partial: Path, home: Path) -> None:
    try:
        partial.rename(home)
    except OSError:  # another process was faster
        shutil.rmtree(partial)
