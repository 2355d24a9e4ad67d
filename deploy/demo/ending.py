"""The table at the end, and what can be tried while everything still runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.demo import home, log
from deploy.demo.holdings import of_procore, packages
from deploy.demo.reconciled import reconciled
from deploy.demo.scene import PLACES, Scene, money
from deploy.demo.workplace import ROOT

_EDIT = '{"id": 500942, "set": {"NAME": "Fixtures, brass"}}'


def verdict(scene: Scene) -> bool:
    """Shows, place by place, what must be there and what is; whether all of it is right."""
    places = scene.judged()
    rows: list[tuple[object, ...]] = [
        (
            {"procore": "Procore", "cinx": "CINX"}[place.system],
            PLACES.get(place.name, f"purchase order {place.name}"),
            place.wanted,
            place.found,
            place.lines,
            money(place.total),
            "no" if place.differences else "yes",
        )
        for _, place in sorted(places.items(), reverse=True)
    ]
    state = scene.stack.procore.state()
    grouped, made = sum(one.package for one in of_procore(state)), packages(state)
    right = "yes" if made == grouped else "no"
    rows.append(("Procore", "packages, one for each PCO in one", grouped, made, "", "", right))
    for name, sums in (("cor log", log.agreed(scene)), ("Home", home.agreed(scene))):
        for (side, status), amount in sorted(sums.items(), reverse=True):
            rows.append((name, f"{side} side, {status}", "", "", "", money(amount), "yes"))
    for names, contracts, amount in reconciled(scene):
        rows.append(("cor reconcile", names, "", contracts, "", money(amount), "yes"))
    columns = ("system", "where", "expected", "found", "lines", "total", "right")
    scene.screen.table(columns, rows, title="What the targets hold, read back from them")
    for place in places.values():
        for difference in place.differences:
            scene.screen.failure(difference)
    return all(row[-1] == "yes" for row in rows)


def write_environment(scene: Scene, environment: Mapping[str, str]) -> Path:
    """A file to be sourced, so that a person's ``cor`` finds what runs."""
    file = scene.workplace.folder / "environment"
    given = {name: text for name, text in environment.items() if text and name != "COR_INSTANCE"}
    lines = [f"export {name}={shlex.quote(text)}" for name, text in sorted(given.items())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def invitation(scene: Scene, environment: Path, page: str) -> None:
    """Where everything listens, and what to try. ``page``: the address of what people look at."""
    stack, say = scene.stack, scene.screen.line
    say()
    say("Everything keeps running until Ctrl-C. It listens at:")
    for name, address in (
        ("the page: look here", page),
        ("Kafka", stack.kafka.bootstrap_servers),
        ("schema registry", stack.registry.url),
        ("ConstructionOnline, acme", f"{stack.acme.url}/_sandbox"),
        ("ConstructionOnline, harbor", f"{stack.harbor.url}/_sandbox"),
        ("Procore", f"{stack.procore.url}/_sandbox"),
        ("CINX", f"{stack.cinx.url}/_sandbox"),
        *scene.stages.metrics.items(),
    ):
        say(f"  {name:<27} {address}")
    say()
    say(f"Logs are in {_short(scene.workplace.folder / 'logs')}. To try, in another terminal:")
    here = _short(Path(sys.executable).parent)
    for line in (
        f". {_short(environment)}; PATH={here}:$PATH",
        "cor status",
        "cor letters list",
        "cor log --side owner",
        "cor reconcile 1321036",
        "cor trace 500942",
        f"curl -s {stack.acme.url}/_sandbox/people        # what people can do there",
        f"curl -s {stack.acme.url}/_sandbox/people/edit_change_order -d '{_EDIT}'",
        "cor trace 500942",
        f"curl -s '{stack.procore.url}/_sandbox/history?method=PATCH&bodies=0'",
    ):
        say(f"  {line}")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
