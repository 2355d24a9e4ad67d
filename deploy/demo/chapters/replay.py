"""A replay of all history: what is already there is recognised, and no remote system hears of it."""

from __future__ import annotations

from deploy.demo.failures import DemoFailed
from deploy.demo.scene import Scene


def tell(scene: Scene) -> None:
    """No outcome ``applied``, no write."""
    writes = scene.writes()
    said = scene.operator.types("replay", "--all", "--why", "to see that nothing happens", ends=(0, 3))
    scene.screen.quoted(said, most=12)
    scene.idle()
    scene.settled()
    if scene.writes() != writes:
        raise DemoFailed(f"a replay must not write\nexpected: {writes} writing requests\nfound: {scene.writes()}")
    scene.screen.step("relay", "Every command ended unchanged: not one request to write reached Procore or CINX")
