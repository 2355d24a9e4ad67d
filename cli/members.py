"""``cor members list`` and ``cor members remove``: who works at each stage.

An instance with a name (``COR_INSTANCE``) stays a member while it is away, so that a restart costs
no rebalance. One that was scaled away is waited for in vain until its session ends; removed, its
partitions go to the others at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Command
from cli.screen import AsJson, Screen
from relay.engine.topics import GROUPS

app = typer.Typer(help="The instances that work at each stage.", no_args_is_help=True)
Stage = Annotated[str, typer.Argument(help=f"One of {', '.join(GROUPS)}.", show_default=False)]


@app.command("list", cls=Command)
def list_command(
    stages: Annotated[list[str] | None, typer.Argument(help="Default: every stage.", show_default=False)] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Who is in the groups of the stages now."""
    from operations.environment import Environment
    from operations.members import members

    present = members(Environment.read(), stages or [])
    screen = Screen(as_json=as_json)
    screen.json({"members": present})
    rows = [(member.stage, member.instance or "without a name", member.host) for member in present]
    screen.table(("stage", "instance", "host"), rows)


@app.command("remove", cls=Command)
def remove_command(
    stage: Stage,
    instances: Annotated[list[str], typer.Argument(help="Names of instances that will not come back.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Takes instances that were scaled away out of a stage's group. One that still runs joins again by itself."""
    from operations.environment import Environment
    from operations.members import remove

    removed = remove(Environment.read(), stage, instances)
    screen = Screen(as_json=as_json)
    screen.json({"removed": removed, "absent": [name for name in instances if name not in removed]})
    for name in instances:
        screen.line(f"{name} removed from {stage}" if name in removed else f"{name} is not a member of {stage}")
