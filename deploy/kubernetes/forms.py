"""Whether Kubernetes would take a resource: its fields against the API types of several releases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import kubernetes_validate
from kubernetes_validate.utils import all_versions

OLDEST = "1.31"
"""The oldest release whose clusters are to take the manifests."""

CUSTOM = ("kafka.strimzi.io", "monitoring.coreos.com")
"""Groups of resources that operators bring."""


def newest(count: int = 3) -> tuple[str, ...]:
    """The newest minor releases whose types are known here, oldest first."""
    known = {tuple(map(int, one.split(".")[:2])) for one in all_versions()}
    return tuple(f"{major}.{minor}" for major, minor in sorted(known)[-count:])


def refused(resources: Iterable[dict[str, Any]], release: str) -> list[str]:
    """What a release does not know of these, a sentence for each resource; of operators' resources nothing is known."""
    found = []
    for one in resources:
        if one["apiVersion"].startswith(CUSTOM):
            continue
        try:
            kubernetes_validate.validate(one, release, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            found.append(f"{one['kind']} {one['metadata']['name']}: {error}")
    return found
