"""One change order's whole life, told from the topics alone."""

from __future__ import annotations

from deploy.demo.chapters.samples import DETAILED
from deploy.demo.scene import Scene


def tell(scene: Scene) -> None:
    """The chandelier of the first chapter."""
    scene.screen.quoted(scene.operator.types("trace", str(DETAILED)))
