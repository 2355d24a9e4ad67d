"""``python -m deploy.cluster``: renders and validates the manifests, and proves them on the cluster of ``KUBECONFIG``.

Without ``KUBECONFIG`` it says in a line what it did not run. ``IMAGE`` names the image, which the cluster's nodes have
or can fetch. On the cluster it makes the namespace ``change-order-relay-dev``, and removes it at the end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.cluster.kubectl import Kubectl
from deploy.cluster.overlay import NAMESPACE, Overlay
from deploy.cluster.proof import Proof
from deploy.cluster.surroundings import Surroundings, address_for, on_this_machine
from deploy.cluster.verdicts import STEPS, NotProven, Record
from deploy.kubernetes.forms import OLDEST, newest, refused
from deploy.kubernetes.rendering import OVERLAYS, NoKustomize, render
from deploy.local.services import NothingToRunOn, StartFailed

_IMAGE = "change-order-relay:latest"


def main(
    environment: Mapping[str, str] = os.environ,
    *,
    surroundings: Callable[[str], AbstractContextManager[Surroundings]] = on_this_machine,
) -> int:
    """Returns the exit code: 1 where something is not as it must be."""
    try:
        render_and_validate()
        if not environment.get("KUBECONFIG"):
            print(f"Not run, since KUBECONFIG names no cluster: {', '.join(STEPS)}.")
            return 0
        prove(environment, surroundings)
    except (NotProven, NoKustomize, NothingToRunOn, StartFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def render_and_validate() -> None:
    """Each overlay, against the API types of the oldest release and the newest three. Raises :class:`NotProven`."""
    releases = (OLDEST, *newest())
    for folder in sorted(one for one in OVERLAYS.iterdir() if one.is_dir()):
        resources = render(folder)
        for release in releases:
            if found := refused(resources, release):
                raise NotProven(f"Kubernetes {release} does not take the overlay {folder.name}: {'; '.join(found)}")
        print(f"overlay {folder.name}: {len(resources)} resources, which Kubernetes {', '.join(releases)} takes")


def prove(environment: Mapping[str, str], surroundings: Callable[[str], AbstractContextManager[Surroundings]]) -> None:
    """The steps on the cluster. Raises :class:`NotProven`; the namespace is gone afterwards either way."""
    kubectl = Kubectl(environment, NAMESPACE)
    image = environment.get("IMAGE") or _IMAGE
    if kubectl.run("get", "namespace", NAMESPACE, "--ignore-not-found", "-o", "name").strip():
        raise NotProven(f"the namespace {NAMESPACE} is there already: delete it, if nobody needs it")
    image = image if ":" in image.rpartition("/")[2] else f"{image}:latest"
    with surroundings(address_for(kubectl.server(), environment)) as around, TemporaryDirectory() as folder:
        overlay = Overlay(Path(folder), image, host=around.host, kafka=around.kafka, remotes=around.remotes)
        try:
            Proof(kubectl, overlay, around, Record()).run()
        except NotProven as problem:
            # Asked now: with the namespace they go.
            raise NotProven("\n".join((str(problem), *kubectl.complaints()))) from problem
        finally:
            kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait")
    print("Proven, by what the simulated systems hold; the namespace is gone again.")


if __name__ == "__main__":
    sys.exit(main())
