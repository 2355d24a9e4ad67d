"""``cor letters adopt`` and ``cor letters resubmit``: a person decides about a write whose outcome is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Exit
from cli.letters.options import LetterId
from cli.options import Who, Why
from cli.screen import AsJson, Screen
from operations.errors import WrongUsage
from operations.operator import operator, stated

if TYPE_CHECKING:
    from relay.domain.commands import Operation


def adopt_command(
    letter: LetterId,
    *,
    remote_id: Annotated[str, typer.Option(help="The id of the remote's record that is right.", show_default=False)],
    why: Why,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Takes a record over that is there and right.

    It is written like any other from now on. The letter is settled once that has succeeded. Where the configuration
    wants a second person it is only proposed, and the exit code is 3.
    """
    from relay.domain.commands import Operation

    if not remote_id.strip():
        raise WrongUsage("--remote-id names no record")
    _decide(letter, Operation.ADOPT, remote_id.strip(), stated(why), operator(who), as_json=as_json)


def resubmit_command(letter: LetterId, *, why: Why, who: Who = None, as_json: AsJson = False) -> None:
    """Sends what is certainly not there once more.

    Where a newer version waits, that one is sent instead. Where the configuration wants a second person it is only
    proposed, and the exit code is 3.
    """
    from relay.domain.commands import Operation

    _decide(letter, Operation.RESUBMIT, None, stated(why), operator(who), as_json=as_json)


def _decide(letter_id: str, operation: Operation, remote_id: str | None, why: str, who: str, *, as_json: bool) -> None:
    from operations.letters.decide import decide
    from operations.letters.proposals import MadeAt, propose
    from operations.written_versions import writing_environment

    environment, screen = writing_environment(), Screen(as_json=as_json)
    if operation in environment.configuration.second_person:
        made_at = MadeAt.COMMAND_LINE
        proposed = propose(environment, letter_id, operation, remote_id, who=who, why=why, made_at=made_at)
        screen.json({"letter_id": proposed.proposal.letter_id, "proposal_id": proposed.proposal.proposal_id})
        screen.line(f"{operation.value} is proposed, and nothing is sent: it needs a second person. Approve it on the")
        screen.line("page, first under the name that the page knows of you, then by somebody else.")
        raise typer.Exit(Exit.DEAD_LETTERS)
    made = decide(environment, letter_id, operation, remote_id, who=who, why=why)
    command = made.command
    screen.json({"letter_id": made.letter.id, "command_id": command.command_id, "operation": operation.value})
    screen.line(f"{operation.value} is on its way to {command.system}; follow it with")
    screen.line(f"cor trace {command.change_order_key}", indent=2)
