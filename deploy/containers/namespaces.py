"""Namespaces for a command that needs an engine: processes, mounts and networks that end with it.

Linux and root only. The kernel ends every process of a process namespace with its first one, drops a mount
namespace with its last process, and a network namespace with all its interfaces and rules. So nothing has to be
cleaned up there, whether the command ends, is interrupted or is killed.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from deploy.local.services import NothingToRunOn, StartFailed

INTERRUPTED = 128

_TETHER = Path(__file__).resolve().parents[1] / "local" / "tether.py"
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWNET = 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class _Signalled(BaseException):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs a command in mount and process namespaces of its own and returns when all of them are gone.

    Returns the command's exit code, or 128 and the signal's number after SIGINT, SIGTERM or SIGHUP. If this
    process is killed, the kernel ends the namespaces all the same.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # so that we see the last process end
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise)
    tied = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *_UNSHARE, *command]
    process = subprocess.Popen(tied, stdin=subprocess.DEVNULL, env=dict(environment), start_new_session=True)
    try:
        return process.wait()
    except _Signalled as signalled:
        return INTERRUPTED + signalled.number
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what is left takes a moment
        process.kill()
        _wait_for_all()


def _raise(number: int, _: FrameType | None) -> None:
    raise _Signalled(number)


def _wait_for_all() -> None:
    with suppress(ChildProcessError):
        while True:
            os.wait()


def as_first_process(work: Callable[[], int]) -> int:
    """Does ``work`` in a child and, as the first process of a namespace has to, waits for every orphan.

    Returns what ``work`` returned.
    """
    worker = os.fork()
    if worker == 0:
        os._exit(_code_of(work))
    while True:
        ended, status = os.wait()
        if ended == worker:
            return os.waitstatus_to_exitcode(status)


def _code_of(work: Callable[[], int]) -> int:
    code = 1
    try:
        code = work()
    except (subprocess.CalledProcessError, NothingToRunOn, StartFailed) as problem:
        print(problem, file=sys.stderr)
    except Exception:  # noqa: BLE001  (the process ends here; its traceback would go unseen)
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def enter_own_network() -> None:
    """Gives this process, and those it starts from now on, a network with nothing but a loopback interface."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "no network namespace of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        name, flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", name, flags | _IFF_UP))
