"""Images made of what is on this machine, where no registry of images is asked.

One of Debian with its own Python, in place of the official Python image; and on it the machine's Java with the
released programs that Maven fetched, in place of the official images of Kafka and of Apicurio Registry, Debian's nginx,
and Debian's Prometheus where ``.ci/run`` has unpacked it. They are started as those are, from the same variables, on
the same ports.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.java import java
from deploy.local.java_registry import unpacked
from deploy.local.maven import cache_folder, fetch

_SOURCE = Path(__file__).with_name("stand_in")

# What has pip as `python -m pip`, users, time zones, and what a Java needs; nginx; what the checks of the compose file
# call.
_PACKAGES = ("ca-certificates", "curl", "nginx-light", "python-is-python3", "python3-pip", "tzdata", "wget")
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")

# How this machine reaches its package index; `find-links` names a folder, which an image does not have.
_PIP = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT", "PIP_PROXY", "PIP_DEFAULT_TIMEOUT")
_PIP_FILE = Path("/etc/pip.conf")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PROMETHEUS = Path("prometheus/usr/bin/prometheus")
_JAVA_WITHOUT = ("demo", "docs", "include", "jmods", "legal", "man", "src.zip")


@dataclass(frozen=True, slots=True)
class StandIns:
    """The names of the images; ``prometheus`` is empty where there is no program to make it of."""

    python: str = "localhost/stand-in/python:debian"
    kafka: str = "localhost/stand-in/kafka:local"
    registry: str = "localhost/stand-in/registry:local"
    nginx: str = "localhost/stand-in/nginx:debian"
    prometheus: str = "localhost/stand-in/prometheus:debian"

    @property
    def official(self) -> dict[str, str]:
        """What each stands for, without its version."""
        named = {
            "apache/kafka": self.kafka,
            "apicurio/apicurio-registry": self.registry,
            "nginxinc/nginx-unprivileged": self.nginx,
            "prom/prometheus": self.prometheus,
        }
        return {name: image for name, image in named.items() if image}

    def variables(self) -> dict[str, str]:
        """How :mod:`deploy.local.containers` and the proof of the compose file are told to use them."""
        return {
            "COR_LOCAL_KAFKA_IMAGE": self.kafka,
            "COR_LOCAL_REGISTRY_IMAGE": self.registry,
            "COR_PROOF_STAND_INS": " ".join(f"{name}={image}" for name, image in self.official.items()),
        }


def make(folder: Path) -> StandIns:
    """Makes all of them with podman; ``folder`` is for what is needed on the way. Raises ``CalledProcessError``."""
    prometheus = _prometheus()
    images = StandIns() if prometheus else StandIns(prometheus="")
    _import(_debian(folder), images.python)
    context = folder / "stand-in"
    _gather(context)
    if prometheus:
        shutil.copy(prometheus, context / "prometheus")
    for name in images.official.values():
        _podman(
            "build", "--quiet", "--network=none", "--layers", "--target", _target(name), "--tag", name,
            "--build-arg", f"BASE={images.python}", str(context),
        )  # fmt: skip
    shutil.rmtree(context)
    return images


def _target(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[0]


def _prometheus() -> str | None:
    """The program, as it is installed here or as ``.ci/run`` unpacks it for its ``promtool``."""
    unpacked_one = cache_folder().resolve() / _PROMETHEUS
    return shutil.which("prometheus") or (str(unpacked_one) if unpacked_one.exists() else None)


def _debian(folder: Path) -> Path:
    """A tree of this machine's Debian release, kept from run to run."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    packages = ",".join(_PACKAGES)
    content = hashlib.sha256(packages.encode()).hexdigest()[:12]
    kept = cache_folder().resolve() / "containers" / f"debian-{release}-{content}.tar"
    if not kept.exists():
        partial = folder / "debian.tar"
        command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=apt", f"--include={packages}"]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
        command += ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
        command += [f"--customize-hook=upload {file} {file}" for file in (_CERTIFICATES, _PIP_FILE) if file.exists()]
        subprocess.run([*command, release, str(partial), *_sources()], check=True, stdin=subprocess.DEVNULL)
        partial.rename(kept)
    return kept


def _sources() -> list[str]:
    """Debian's own entry in this machine's sources, so that packages come from where this machine has them from.

    Empty where there is none, and then mmdebstrap knows a place.
    """
    places = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
    return [str(file) for file in places if file.exists() and file.read_text().strip()][:1]


def _import(tree: Path, name: str) -> None:
    settings = {variable: os.environ[variable] for variable in _PIP if variable in os.environ}
    changes = [word for variable, value in settings.items() for word in ("--change", f"ENV {variable}={value}")]
    _podman("import", "--quiet", *changes, "--change", 'CMD ["python"]', str(tree), name)


def _gather(context: Path) -> None:
    """What the stand-in's Dockerfile copies."""
    shutil.copytree(_SOURCE, context, ignore=shutil.ignore_patterns("__pycache__"))
    home = Path(java()).resolve().parents[1]
    shutil.copytree(
        home, context / "java", ignore=shutil.ignore_patterns(*_JAVA_WITHOUT), ignore_dangling_symlinks=True
    )
    shutil.copytree(fetch("kafka", "copy-dependencies"), context / "kafka")
    shutil.copytree(unpacked(), context / "registry")


def _podman(*arguments: str) -> None:
    subprocess.run(["podman", *arguments], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
