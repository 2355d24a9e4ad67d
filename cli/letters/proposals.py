"""``cor letters proposals``: what waits for a second person."""

from __future__ import annotations

from cli.screen import AsJson, Screen
from operations.json_values import plain


def proposals_command(*, as_json: AsJson = False) -> None:
    """Decisions that were proposed and wait for a second person, the oldest first.

    A second person approves or declines them on the page (`cor web`), where a proxy says who that is.
    """
    from operations.environment import Environment
    from operations.holds.standing import read_standing
    from operations.letters.proposals import is_typed, remote_id_of, standing_proposals
    from operations.wording import moment

    proposals = standing_proposals(read_standing(Environment.read()))
    screen = Screen(as_json=as_json)
    screen.json([plain(one) | {"typed": is_typed(one)} for one in proposals])
    if not proposals:
        screen.line("Nothing waits for a second person.")
        return
    screen.table(
        ("proposed (UTC)", "by", "action", "letter", "record", "why"),
        [
            (
                moment(one.at),
                f"{one.person} (typed)" if is_typed(one) else one.person,
                one.action,
                one.letter_id,
                remote_id_of(one) or "",
                one.why,
            )
            for one in proposals
        ],
    )
