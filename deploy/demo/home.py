"""The figures of *Home* beside what the sources say of themselves, which is added up without the relay's code."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal

from deploy.demo.expectation import COUNTED, Said, source_says
from deploy.demo.scene import Scene
from operations.reports.home import read_home
from operations.reports.tables import moment_of
from workers.views.sqlite_store import SqliteStore


def told(scene: Scene) -> Said | str:
    """What *Home* says; or of which project it does not know everything."""
    with closing(SqliteStore(scene.workplace.folder / "views.sqlite")) as store, moment_of(store) as tables:
        projects = read_home(tables, datetime.now(UTC)).projects
    sums: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for project in projects:
        _, account, number = project.key
        for side, of_side in project.sides.items():
            for status in COUNTED:
                found = getattr(of_side, status)
                if found.unknown:
                    return f"{found.unknown} amounts that are not known of {project.key}, {side} side, {status}"
                sums[account, number, side, status] += sum(found.known.values(), Decimal(0))
    return {place: amount for place, amount in sums.items() if amount}


def agreed(scene: Scene) -> dict[tuple[str, str], Decimal]:
    """Waits until *Home* says of each project what its source does; returns it by side and status.

    Raises ``DemoFailed`` where it says something else.
    """
    wanted = source_says(scene.offices())
    scene.until(
        lambda: told(scene) == wanted,
        expected=f"Home says by account, project, side and status {wanted}",
        found=lambda: told(scene),
    )
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (_, _, side, status), amount in wanted.items():
        sums[side, status] += amount
    return dict(sums)
