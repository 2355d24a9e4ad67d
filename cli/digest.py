"""``cor digest``: the daily e-mail."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import AsJson, Screen
from operations.errors import WrongUsage

if TYPE_CHECKING:
    from operations.digest.daily import Mailed
    from operations.environment import Environment

_PAUSE = 60.0
"""Seconds between two looks of one that stays."""


def digest_command(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show today's.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Send today's, also before its time and once more.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Go on, and send each one when it is due.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sends the e-mail of the day, where it is a working day, its time has come, and nobody has sent it.

    It may be asked for every few minutes, on several machines: one of them sends it, at least once.
    """
    from operations.digest.daily import mail_digest, written_digest
    from operations.environment import Environment

    if dry_run + again + stay > 1:
        raise WrongUsage("one of --dry-run, --again and --stay")
    environment, screen = Environment.read(), Screen(as_json=as_json)
    if dry_run:
        mail = written_digest(environment, datetime.now(UTC))
        screen.json({"subject": mail["Subject"], "body": mail.get_content()})
        screen.line(mail["Subject"], "bold")
        screen.line()
        screen.lines(mail.get_content())
        return
    if environment.settings.mail_server is None:
        raise WrongUsage("no mail server is stated: COR_MAIL_SERVER, COR_MAIL_FROM and COR_MAIL_TO say where mail goes")
    if stay:
        _stay(environment)
    done = mail_digest(environment, datetime.now(UTC), again=again)
    screen.json({"state": done.state.value, "day": done.day.isoformat() if done.day else None})
    screen.line(_words(done))


def _stay(environment: Environment) -> None:
    """Until the process is ended. What cannot be sent is tried again."""
    from operations.digest.daily import MailState, mail_digest
    from operations.environment import Environment as Anew
    from operations.errors import Refused
    from relay.domain.printable import printable

    while True:
        anew = Anew(environment.settings, environment.connection, environment.codec)
        try:
            done = mail_digest(anew, datetime.now(UTC))
            if done.state is MailState.SENT:
                print(_words(done), file=sys.stderr, flush=True)  # noqa: T201 - for whoever looks after the process
        except Refused as error:
            print(f"cor: {printable(str(error))}", file=sys.stderr, flush=True)  # noqa: T201
        time.sleep(_PAUSE)


def _words(done: Mailed) -> str:
    which = f"The e-mail of {done.day}" if done.day else "An e-mail"
    subject = f": {done.mail['Subject']}" if done.mail else ""
    return f"{which}: {done.state.value}{subject}" if done.day else f"{which} is not due now."
