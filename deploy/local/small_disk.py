"""A file system of a few bytes, to see what a server does when it is full."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from deploy.local.child import Child
from deploy.local.readiness import wait_until

_AT_ONCE = 64 * 1024
_MOUNTED = "mounted"
_MOUNT = f'mount -t tmpfs -o size="$1" tmpfs "$2" && echo {_MOUNTED} && exec sleep infinity'


def can_be_made() -> bool:
    """Whether this process may mount: root on Linux."""
    return os.name == "posix" and os.uname().sysname == "Linux" and os.geteuid() == 0


class SmallDisk:
    """So many bytes under ``folder``, for whoever runs :attr:`inside`; everybody else sees the folder as it was.

    It is mounted in a namespace of a process of its own, so that nothing stays mounted, whatever ends us.
    """

    def __init__(self, folder: Path, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNT, "sh", str(size), str(folder)]
        self._holder = Child("a small disk", command, folder.with_suffix(".disk.log"))

    def open(self) -> None:
        """Mounts it. Raises ``StartFailed`` where that is refused."""
        self._holder.start()
        wait_until(
            lambda: _MOUNTED in self._holder.log_end(),
            alive=lambda: self._holder.running,
            words=lambda: f"Mounting {self._folder} said: {self._holder.log_end()}",
        )

    @property
    def inside(self) -> tuple[str, ...]:
        """The command that runs the command after it where the disk is seen."""
        return ("nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt")

    def fill(self) -> None:
        """Leaves no byte free."""
        nothing = bytes(_AT_ONCE)
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):  # Which it raises when it is full.
            while True:
                file.write(nothing)

    def relieve(self) -> None:
        """Takes away again what :meth:`fill` has put there."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """It is gone with the last process inside."""
        self._holder.kill()

    @property
    def _ballast(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{self._folder}") / "ballast"
