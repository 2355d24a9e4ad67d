"""``cor members list`` and ``cor members remove``: who works at each stage.

An instance with a name (``COR_INSTANCE``) stays a member while it is away, so that a restart costs
no rebalance. One that was scaled away is waited for in vain until its session ends; removed, its
partitions go to the others at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.screen import AsJson, Screen
from operations.environment import Environment
from operations.errors import WrongUsage
from operations.members import remove
from relay.engine.kafka import Cluster
from relay.engine.topics import GROUPS

app = typer.Typer(help="The instances that work at each stage.", no_args_is_help=True)
Stage = Annotated[str, typer.Argument(help=f"One of {', '.join(GROUPS)}.", show_default=False)]


@app.command("list")
def list_command(
    stages: Annotated[list[str] | None, typer.Argument(help="Default: every stage.", show_default=False)] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Who is in the groups of the stages now."""
    environment = Environment.read()
    wanted = [_known(stage) for stage in stages or GROUPS]
    with Cluster(environment.connection) as cluster:
        found = [
            {"stage": stage, "instance": member.instance, "host": member.host}
            for stage in wanted
            for member in cluster.members(f"{environment.prefix}{stage}")
        ]
    screen = Screen(as_json=as_json)
    screen.json({"members": found})
    rows = [(one["stage"], one["instance"] or "without a name", one["host"]) for one in found]
    screen.table(("stage", "instance", "host"), rows)


@app.command("remove")
def remove_command(
    stage: Stage,
    instances: Annotated[list[str], typer.Argument(help="Names of instances that will not come back.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Takes instances that were scaled away out of a stage's group. One that still runs joins again by itself."""
    removed = remove(Environment.read(), _known(stage), instances)
    screen = Screen(as_json=as_json)
    screen.json({"removed": removed, "absent": [one for one in instances if one not in removed]})
    for one in instances:
        screen.line(f"{one} removed from {stage}" if one in removed else f"{one} is not a member of {stage}")


def _known(stage: str) -> str:
    if stage not in GROUPS:
        raise WrongUsage(f"{stage} is no stage; there are {', '.join(GROUPS)}")
    return stage
