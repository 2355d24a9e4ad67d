"""What mapping says to an accountant: what happened, why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping.texts import number_of, title_of
from relay.domain.routes import Route

OBSERVED_ONLY = 'The route only observes; set "mode: live" to carry its change orders.'
NO_TARGETS = "The route names no targets."


def name_of(event: ChangeOrderObserved) -> str:
    """The change order as a person knows it."""
    number = number_of(event.change_order)
    shown = f"number {number}" if number else f"id {event.change_order_id}"
    return f'The change order "{title_of(event.change_order)}" ({shown}, {_project(event)})'


def _project(event: ChangeOrderObserved) -> str:
    name, project = event.change_order.project_name, event.project
    if project is None:
        return "without a project"
    return f'project {project} "{name}"' if name else f"project {project}"


def route_missing(event: ChangeOrderObserved) -> str:
    """For the letter of a change order that no route takes."""
    return (
        f"{name_of(event)} was not sent anywhere, because no route takes this project of the {event.system} "
        f'account "{event.account}". Add a route to the configuration and redrive this letter, or set '
        '"unrouted: skip" for the account.'
    )


def project_unrouted(event: ChangeOrderObserved) -> str:
    """For the one letter about a project of which nothing is sent anywhere."""
    return (
        f'Nothing of {_project(event)} of the {event.system} account "{event.account}" is sent anywhere, because no '
        f"route takes it; the last that was seen of it: {name_of(event)}. Add a route to the configuration and redrive "
        'this letter, which replays the project, or set "unrouted: skip" for the account.'
    )


def skipped_unrouted(event: ChangeOrderObserved) -> str:
    """Where the account says that nothing is missing."""
    return f'{name_of(event)} has no route, and the account "{event.account}" skips what has none.'


def system_not_routed(event: ChangeOrderObserved) -> str:
    """Where nothing is ever sent on from that system."""
    return f"No route starts at {event.system}, so that nothing seen there is sent on."


def deleted_unrouted(event: ChangeOrderObserved) -> str:
    """Nothing was sent, and now there is nothing to send."""
    return f"{name_of(event)} was deleted at the source; no route had sent it anywhere."


def before_since(event: ChangeOrderObserved, route: Route) -> str:
    """Older than what the route carries."""
    return (
        f"{name_of(event)} was created on {event.change_order.created_on}, before {route.since}, from which on "
        'the route carries; "history: true" would carry it.'
    )


def ambiguous(event: ChangeOrderObserved, name: str, shown: Sequence[str]) -> str:
    """Two routes claim one identity. ``shown``: what people call the targets."""
    return (
        f'{name_of(event)} is taken by several targets with the name "{name}" ({", ".join(shown)}), which would all '
        "write the same record. Give each target of this project its own name, then redrive this letter."
    )
