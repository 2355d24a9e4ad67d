"""A replay of all history: what is already there is recognised, and no remote system hears of it."""

from __future__ import annotations

from collections import Counter

from deploy.demo.failures import DemoFailed
from deploy.demo.scene import Scene


def tell(scene: Scene) -> None:
    """No outcome ``applied``, no write."""
    writes, before = scene.writes(), _outcomes(scene)
    said = scene.operator.types("replay", "--all", "--why", "to see that nothing happens")
    scene.screen.quoted(said)
    scene.idle()
    after = _outcomes(scene) - before
    if scene.writes() != writes or after["applied"]:
        raise DemoFailed(
            f"a replay must not write\nexpected: {writes} writing requests in all, no outcome applied\n"
            f"found: {scene.writes()} writing requests, outcomes {dict(after)}"
        )
    scene.settled()
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(after.items()))
    scene.screen.step("relay", f"Outcomes: {told}, none applied. No request to write reached Procore or CINX")


def _outcomes(scene: Scene) -> Counter[str]:
    """How the writers' commands have ended so far, by kind; of these processes' own metrics."""
    counted: Counter[str] = Counter()
    for stage in ("procore-writer", "cinx-submitter"):
        for labels, value in scene.stages.metric(stage, "cor_outcomes_total"):
            counted[labels["kind"]] += int(value)
    return counted
