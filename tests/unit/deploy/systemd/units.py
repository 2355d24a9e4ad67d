"""The units as systemd reads them, and what systemd says of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "deploy" / "systemd"
UNPACKED = ROOT / ".local" / "systemd"
PROGRAM = "/opt/change-order-relay/bin/cor"

Entry = tuple[str, str, str]
"""Section, key and value."""

_SERVICE = """
Type RemainAfterExit ExecStart EnvironmentFile Environment LoadCredential User StateDirectory Restart RestartSec
RestartPreventExitStatus SuccessExitStatus KillMode TimeoutStopSec TimeoutStartSec DynamicUser UMask NoNewPrivileges
CapabilityBoundingSet AmbientCapabilities ProtectSystem ProtectHome PrivateTmp PrivateDevices ProtectProc ProtectClock
ProtectHostname ProtectControlGroups ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality RemoveIPC
SystemCallArchitectures SystemCallFilter SystemCallErrorNumber
"""
_KNOWN = {
    "Unit": {"Description", "Wants", "After", "PartOf", "StartLimitIntervalSec"},
    "Install": {"WantedBy"},
    "Service": set(_SERVICE.split()),
}
"""The keys of systemd.unit(5), systemd.service(5), systemd.exec(5) and systemd.kill(5) that are used here."""

_VALUES = {
    r"Protect(Home|Clock|Hostname|ControlGroups|Kernel\w+)|Restrict(Namespaces|Realtime|SUIDSGID)": "yes|no",
    r"Private\w+|DynamicUser|NoNewPrivileges|LockPersonality|RemoveIPC|RemainAfterExit": "yes|no",
    r"\w+Sec": r"\d+(s|min)?",
    r"Type": "exec|oneshot",
    r"Restart": "on-failure",
    r"ProtectSystem": "strict|full|yes",
    r"ProtectProc": "invisible",
    r"KillMode": "mixed",
    r"Environment": r"[A-Z_]+=\S+",
    r"StateDirectory": r"[a-z-]+",
    r"LoadCredential": r"[\w.-]+:/\S+",
    r"ExecStart": r"/\S+( .+)?",
    r"\w+ExitStatus": r"\d+",
}


def entries(file: Path) -> list[Entry]:
    """What a unit says. Raises ``ValueError`` for a line that is none of systemd's."""
    section, found = "", []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif (match := re.fullmatch(r"(\w+)=(.*)", line)) and section:
            found.append((section, match[1], match[2]))
        else:
            raise ValueError(f"{file.name}:{number}: {line}")
    return found


def values(file: Path, key: str) -> list[str]:
    """Every value of a key, in order."""
    return [value for _, name, value in entries(file) if name == key]


def complaints(file: Path) -> list[str]:
    """What a strict reader finds: keys that are not known, and values that a key does not take."""
    found = []
    for section, key, value in entries(file):
        if key not in _KNOWN.get(section, set()):
            found.append(f"{file.name}: {key} in [{section}]")
        patterns = [pattern for name, pattern in _VALUES.items() if re.fullmatch(name, key)]
        if any(value and not re.fullmatch(pattern, value) for pattern in patterns):
            found.append(f"{file.name}: {key}={value}")
    return found


def verified(folder: Path, *names: str) -> list[str] | None:
    """What ``systemd-analyze verify`` says of units of a folder, or ``None`` where the program is not there."""
    program = shutil.which("systemd-analyze") or _unpacked()
    if program is None:
        return None
    # The machine's own units, or those of the unpacked package, have the targets that ours name.
    others = f"{UNPACKED}/usr/lib/systemd/system:{UNPACKED}/lib/systemd/system"
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:{others}:", "SYSTEMD_LOG_LEVEL": "warning"}
    if program.startswith(str(UNPACKED)):
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, UNPACKED.glob("usr/lib/*/systemd")))
    command = [program, "verify", "--man=no", "--recursive-errors=yes", *names]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line]
    return said or ([f"exit code {done.returncode}"] if done.returncode else [])


def _unpacked() -> str | None:
    program = UNPACKED / "usr/bin/systemd-analyze"
    return str(program) if program.exists() else None


def copied(folder: Path) -> Path:
    """The units beside a program that is there: systemd looks whether what a unit starts exists."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    for file in folder.glob("*.service"):
        file.write_text(file.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true"), encoding="utf-8")
    return folder
