"""A compose file, carried out through the engine's own API, so that it is proven also where there is no Compose.

Source: 'Compose file reference' of the Compose specification. What a service says and this does not know is an error;
what it leaves to the engine's own defaults is in ``LEFT``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound  # type: ignore[import-untyped]  # no stubs
from docker.types import IPAMConfig, IPAMPool  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from deploy.local.ports import free_ports

CARRIED_OUT = {
    *("image", "user", "read_only", "cap_drop", "security_opt", "restart", "command", "entrypoint", "environment"),
    *("networks", "ports", "volumes", "tmpfs", "secrets", "depends_on", "healthcheck", "stop_grace_period"),
}
LEFT = {"logging", "profiles"}
"""Where lines are written, and which services are started without being named."""

_ENOUGH = 300
"""Seconds within which a service has to be well, whatever longer time the file grants a slow machine."""


class Composition:
    """The services of ``file``, on networks and volumes of their own; ports are published on free ones.

    ``stand_ins``: images in place of those that the file names, by their names without a version. Where any are given,
    an image is had from nowhere else.
    """

    def __init__(self, engine: Any, file: Path, variables: Mapping[str, str], stand_ins: Mapping[str, str]) -> None:
        document = YAML(typ="safe", pure=True).load(_filled(file.read_text(encoding="utf-8"), variables))
        self.services: dict[str, dict[str, Any]] = document["services"]
        for name, service in self.services.items():
            assert set(service) <= CARRIED_OUT | LEFT, name
        self._document = document
        self._engine = engine
        self._folder = file.parent
        self._stand_ins = stand_ins
        self._own = set(variables.values())
        self._containers: dict[str, Any] = {}
        self._networks: dict[str, Any] = {}

    def can_run(self, name: str) -> bool:
        """Whether its image is to be had."""
        return not self._stand_ins or self._image(name) != self.services[name]["image"] or self._is_own(name)

    def up(self, name: str) -> Any:
        """Starts a service after those it waits for; returns its container once it is well, or has ended well."""
        if name not in self._containers:
            for other in self.services[name].get("depends_on", {}):
                self.up(other)
            container = self._containers[name] = self._created(name)
            container.start()
            self._wait(name, container)
        return self._containers[name]

    def run(self, name: str, *words: str) -> tuple[int, str]:
        """What ``docker compose run --rm NAME WORDS`` does: the exit code and what was printed."""
        container = self._created(name, list(words))
        try:
            container.start()
            return int(container.wait(timeout=120)["StatusCode"]), container.logs().decode()
        finally:
            container.remove(force=True)

    def address(self, name: str) -> str:
        """Where the one port that a service publishes is, on this machine."""
        ((published,),) = self._containers[name].attrs["HostConfig"]["PortBindings"].values()
        return f"{published['HostIp']}:{published['HostPort']}"

    def stop(self, name: str) -> tuple[float, int]:
        """Tells a service to end, as the file says. Returns the seconds it took and its exit code."""
        container = self._containers[name]
        begun = time.monotonic()
        container.stop(timeout=self.grace(name))
        took = time.monotonic() - begun
        container.reload()
        return took, int(container.attrs["State"]["ExitCode"])

    def grace(self, name: str) -> int:
        """Seconds that a service has for its end."""
        return _seconds(self.services[name].get("stop_grace_period", "10s"))

    def running(self) -> list[str]:
        """What was started and has not ended, the newest first."""
        for container in self._containers.values():
            container.reload()
        return [name for name, one in reversed(self._containers.items()) if one.status == "running"]

    def logs(self, name: str) -> str:
        """What a service has printed."""
        return str(self._containers[name].logs().decode(errors="replace"))

    def network(self, name: str) -> Any:
        """A network of the file, made where it is not there yet."""
        if name not in self._networks:
            said = self._document["networks"][name]
            pools = [IPAMPool(subnet=one["subnet"]) for one in said.get("ipam", {}).get("config", [])]
            ipam = IPAMConfig(pool_configs=pools) if pools else None
            full = self._full(name)
            self._networks[name] = self._engine.networks.create(full, internal=said.get("internal", False), ipam=ipam)
        return self._networks[name]

    def close(self) -> None:
        """Removes everything."""
        for container in reversed(self._containers.values()):
            container.remove(force=True, v=True)
        for network in self._networks.values():
            network.remove()
        for name in self._document["volumes"]:
            with suppress(NotFound):
                self._engine.volumes.get(self._full(name)).remove()

    def _created(self, name: str, command: list[str] | None = None) -> Any:
        service = self.services[name]
        first, *others = _networks(service)
        options: dict[str, Any] = {
            "command": command or service.get("command"),
            "entrypoint": service.get("entrypoint"),
            "environment": service.get("environment", {}),
            "user": service.get("user"),
            "read_only": service["read_only"],
            "cap_drop": service["cap_drop"],
            "security_opt": [option.replace(":true", "") for option in service["security_opt"]],
            "restart_policy": {"Name": service["restart"]} if service["restart"] != "no" else None,
            "tmpfs": dict(entry.partition(":")[::2] for entry in service.get("tmpfs", [])),
            "volumes": [*self._volumes(service), *self._secrets(service)],
            "ports": dict(_published(service)),
            "network": self.network(first).name,
            "networking_config": {self.network(first).name: self._endpoint(name, first)},
        }
        container = self._engine.containers.create(self._fetched(name), detach=True, **options)
        for other in others:
            address = _networks(service)[other].get("ipv4_address")
            self.network(other).connect(container, aliases=[name], ipv4_address=address)
        container.reload()
        return container

    def _endpoint(self, name: str, network: str) -> Any:
        address = _networks(self.services[name])[network].get("ipv4_address")
        return self._engine.api.create_endpoint_config(aliases=[name], ipv4_address=address)

    def _wait(self, name: str, container: Any) -> None:
        check = self.services[name].get("healthcheck")
        if check is None:
            code = container.wait(timeout=_ENOUGH)["StatusCode"]
            assert code == 0, f"{name} ended with {code}:\n{self.logs(name)}"
            return
        kind, *test = check["test"]
        command = ["/bin/sh", "-c", *test] if kind == "CMD-SHELL" else test
        end = time.monotonic() + min(_seconds(check["start_period"]), _ENOUGH)
        while said := _complaint(container, command):
            container.reload()
            words = f"{said}\n{self.logs(name)[-4000:]}"
            assert container.status == "running", f"{name} has ended:\n{words}"
            assert time.monotonic() < end, f"{name} is not well:\n{words}"
            time.sleep(1.0)

    def _fetched(self, name: str) -> str:
        image = self._image(name)
        try:
            self._engine.images.get(image)
        except ImageNotFound:
            self._engine.images.pull(image)
        return image

    def _image(self, name: str) -> str:
        image = str(self.services[name]["image"])
        return image if self._is_own(name) else self._stand_ins.get(image.rpartition(":")[0], image)

    def _is_own(self, name: str) -> bool:
        return self.services[name]["image"] in self._own

    def _volumes(self, service: Mapping[str, Any]) -> Iterator[str]:
        for volume in service.get("volumes", []):
            source, _, rest = volume.partition(":")
            yield f"{(self._folder / source).resolve() if source.startswith('.') else self._full(source)}:{rest}"

    def _secrets(self, service: Mapping[str, Any]) -> Iterator[str]:
        for secret in service.get("secrets", []):
            yield f"{(self._folder / self._document['secrets'][secret]['file']).resolve()}:/run/secrets/{secret}:ro"

    def _full(self, name: str) -> str:
        return f"{self._document['name']}-proof_{name}"


def _complaint(container: Any, check: list[str]) -> str:
    """What a check says that fails; empty where it does not."""
    try:
        done = container.exec_run(check)
    except APIError as refusal:  # It has just ended.
        return str(refusal)
    return done.output.decode(errors="replace") or f"exit code {done.exit_code}" if done.exit_code else ""


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+):-(.*?)\}", lambda found: variables.get(found[1]) or found[2], text)


def _networks(service: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    said = service["networks"]
    return said if isinstance(said, dict) else {name: {} for name in said}


def _published(service: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, int]]]:
    for port in service.get("ports", []):
        address, _, inside = port.split(":")
        yield f"{inside}/tcp", (address, free_ports(1)[0])


def _seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))
