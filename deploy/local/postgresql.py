"""A PostgreSQL of Debian's package for tests: a cluster of its own in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from deploy.local.child import Child
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import wait_until
from deploy.local.scratch import Scratch
from deploy.local.services import NothingToRunOn, StartFailed

_INSTALLED = Path("/usr/lib/postgresql")
_SETTINGS = (
    f"-clisten_addresses={LOOPBACK}",
    "-cunix_socket_directories=",
    "-cfsync=off",  # What a machine's crash leaves is not what is tested.
    "-cshared_buffers=32MB",
    "-clog_statement=none",
)


def programs() -> Path:
    """The folder of the newest ``initdb`` and ``postgres``. Raises :class:`NothingToRunOn` where there is none."""
    found = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    raise NothingToRunOn("PostgreSQL is not installed here: the Debian package postgresql has it")


class Postgresql:
    """One server with a user, a password and a database for it."""

    USER = "relay"
    PASSWORD = "password-of-the-test"  # noqa: S105 - of a server that lives for one test

    def __init__(self) -> None:
        self._programs = programs()
        self._scratch = Scratch("postgresql")
        self._folder = self._scratch.path
        (self.port,) = free_ports(1)
        self._as = _another_user()  # The server refuses to be root.
        data = str(self._folder / "data")
        server = [str(self._programs / "postgres"), "-D", data, f"-p{self.port}", *_SETTINGS]
        self._child = Child("PostgreSQL", [*self._as, *server], self._folder / "log")

    def url(self, database: str = "postgres") -> str:
        """For ``COR_VIEWS_URL``: without the password."""
        return f"postgresql://{self.USER}@{LOOPBACK}:{self.port}/{database}"

    def open(self) -> None:
        """Makes the cluster, and starts its server."""
        password = self._folder / "password"
        password.write_text(self.PASSWORD, encoding="utf-8")
        if self._as:
            self._folder.chmod(0o755)
            (self._folder / "data").mkdir()
            for path in (self._folder / "data", password):
                shutil.chown(path, _USER, _group())
        command = [str(self._programs / "initdb"), "-D", str(self._folder / "data"), "-U", self.USER, "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C"]
        done = subprocess.run([*self._as, *command], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise StartFailed(f"initdb: {done.stderr}")
        self.start()

    def start(self) -> None:
        """Starts the server, or starts it again."""
        self._child.start()
        wait_until(self._answers, alive=lambda: self._child.running, words=self._child.log_end)

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(command, check=False, cwd="/").returncode == 0

    def kill(self) -> None:
        """Ends the server in the middle of what it does."""
        self._child.kill()

    def close(self) -> None:
        """Ends the server and removes what it kept."""
        self._child.kill()
        self._scratch.remove()


_USER = "postgres"


def _group() -> int:
    return pwd.getpwnam(_USER).pw_gid


def _another_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NothingToRunOn("setpriv is not installed here: PostgreSQL refuses to run as root")
    return [setpriv, f"--reuid={_USER}", f"--regid={_group()}", "--clear-groups", "--pdeathsig=KILL"]
