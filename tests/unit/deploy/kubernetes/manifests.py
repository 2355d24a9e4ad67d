"""The rendered overlays, and the parts of them that the tests look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deploy.kubernetes.rendering import HERE, OVERLAYS, render

Resource = dict[str, Any]

NAMES = tuple(sorted(folder.name for folder in OVERLAYS.iterdir() if folder.is_dir()))
WORKLOADS = ("StatefulSet", "Deployment", "Job")


@cache
def overlay(name: str) -> tuple[Resource, ...]:
    """The resources of one overlay; rendered once for a run."""
    return tuple(render(OVERLAYS / name))


def production_with(component: str, folder: Path) -> str:
    """A copy of the overlay of production in which the line of a component is put in force, by its path."""
    line = f"  # - ../../components/{component}\n"
    copied = folder / "manifests"
    shutil.copytree(HERE, copied)
    file = copied / "overlays" / "prod" / "kustomization.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(line) == 1
    file.write_text(text.replace(line, line.replace("# ", "")), encoding="utf-8")
    return str(file.parent)


def of_kind(overlay_name: str, *kinds: str) -> list[Resource]:
    """Its resources of some kinds."""
    return [one for one in overlay(overlay_name) if one["kind"] in kinds]


def named(resources: list[Resource]) -> dict[str, Resource]:
    """By name."""
    return {one["metadata"]["name"]: one for one in resources}


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that makes pods, as one overlay has it."""

    overlay: str
    resource: Resource

    @property
    def name(self) -> str:
        return str(self.resource["metadata"]["name"])

    @property
    def is_stage(self) -> bool:
        return bool(self.resource["kind"] == "StatefulSet")

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.resource["spec"]["template"]["metadata"]["labels"])

    @property
    def pod(self) -> Resource:
        return dict(self.resource["spec"]["template"]["spec"])

    @property
    def containers(self) -> list[Resource]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def cor(self) -> Resource:
        """Its container that runs the relay."""
        (found,) = [one for one in self.pod["containers"] if one["name"] == "cor"]
        return dict(found)

    def environment(self, container: Resource | None = None) -> dict[str, str]:
        """What the process of a container sees, else the relay's; a field of the pod stands as its path in angle
        brackets.
        """
        one_of_them = container or self.cor
        maps = named(of_kind(self.overlay, "ConfigMap"))
        seen: dict[str, str] = {}
        for reference in (source["configMapRef"] for source in one_of_them.get("envFrom", [])):
            if reference["name"] in maps or not reference.get("optional"):
                seen |= maps[reference["name"]]["data"]
        for one in one_of_them["env"]:
            seen[one["name"]] = _value(one, seen)
        return seen

    def files(self, container: Resource | None = None) -> dict[str, Resource]:
        """The volumes by the folder that they are mounted at in a container, else in the relay's."""
        volumes = {one["name"]: one for one in self.pod["volumes"]}
        return {one["mountPath"]: volumes[one["name"]] for one in (container or self.cor)["volumeMounts"]}


def _value(variable: Resource, before: dict[str, str]) -> str:
    if "valueFrom" in variable:
        return f"<{variable['valueFrom']['fieldRef']['fieldPath']}>"
    value = str(variable["value"])
    for name, other in before.items():
        value = value.replace(f"$({name})", other)
    return value


def workloads() -> Iterator[Workload]:
    """Every workload of every overlay."""
    for name in NAMES:
        for resource in of_kind(name, *WORKLOADS):
            yield Workload(name, resource)


ALL = tuple(workloads())
STAGES = tuple(one for one in ALL if one.is_stage)


def shown(workload: Workload) -> str:
    """A test's id."""
    return f"{workload.overlay}-{workload.name}"


def configuration(overlay_name: str) -> str:
    """The text of its ``cor.yaml``."""
    (found,) = [one["data"]["cor.yaml"] for one in of_kind(overlay_name, "ConfigMap") if "cor.yaml" in one["data"]]
    return str(found)
