"""``cor status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Exit
from cli.options import finite
from cli.screen import AsJson, Screen
from operations.wording import counted, duration, moment, system_name

if TYPE_CHECKING:
    from operations.golive.only_shown import OnlyShown, WithoutRoute
    from operations.golive.pilots import RoutePilots
    from operations.status.report import LettersState, Queue, StageState, Status, TenantState
    from operations.status.views import ViewsState
    from relay.domain.control import Member
    from relay.domain.ledger import Hold
    from relay.domain.route_names import RouteNames


_MOST_PILOTS = 5
_MOST_TARGETS = 5


def status_command(
    *,
    wait: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="SECONDS", callback=finite, help="Wait until idle; exit code 1 if it takes longer."
        ),
    ] = None,
    workers: Annotated[
        list[str] | None,
        typer.Option(help="Where workers serve their metrics (http://host:port), for the rate budgets; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How far every stage is, and what waits and why. Works without the workers."""
    from operations.environment import Environment
    from operations.route_names import route_names
    from operations.status.budgets import budgets, own_address
    from operations.status.idle import wait_until_idle
    from operations.status.report import read_status, with_only_shown
    from relay.domain.route_names import RouteNames

    environment = Environment.read()
    shares = budgets(workers or own_address(environment.settings))
    status = read_status(environment, shares) if wait is None else wait_until_idle(environment, shares, wait)
    status = with_only_shown(environment, status)
    screen = Screen(as_json=as_json)
    screen.json(status)
    _show(screen, status, route_names(environment) if status.people_holds else RouteNames())
    raise typer.Exit(Exit.DONE if wait is None else _code(status))


def _code(status: Status) -> Exit:
    if not status.idle:
        return Exit.FAILED
    return Exit.DEAD_LETTERS if status.letters.open else Exit.DONE


def _show(screen: Screen, status: Status, names: RouteNames) -> None:
    from relay.domain.guest_use import GUEST
    from relay.domain.person_holds import about, hold_sentence

    for sentence in status.lost_topics:
        screen.line(f"LOST: {sentence}.", "bold")
    columns = ("stage", "lag", "inbox", "held", "in doubt", "oldest")
    screen.table(columns, [_stage_row(stage) for stage in status.stages])
    if status.views is not None:
        screen.line(_views(status.views, status.at))
    tenants = [row for tenant in status.tenants if (row := _tenant_row(tenant))]
    if tenants:
        screen.line()
        screen.table(("account", "waiting", "state"), tenants)
    if status.people_holds:
        screen.line()
        rows = [
            (held.hold.hold_id[:8], about(held.hold, names.of_target), held.waiting, hold_sentence(held.hold))
            for held in status.people_holds
        ]
        screen.table(("hold", "what", "waiting", "why"), rows)
    members = [_member_row(member, status) for member in status.members if member.stage != GUEST]
    guests = [member for member in status.members if member.stage == GUEST]
    if members or guests:
        screen.line()
        works = [*members, *([_guests_row(guests)] if guests else [])]
        screen.table(("member", "instance", "works for", "release", "heard"), works)
    for told in _not_carried(status):
        screen.line()
        screen.lines("\n".join(told))
    screen.line()
    if status.letters.open:
        screen.line(_open_letters(status.letters), "bold")
    else:
        screen.line("No open letters.")
    screen.line(_verdict(status))
    if not members:
        screen.line("No stage runs: nothing is polled, mapped or written until one does, as by `cor run all`.", "bold")


def _open_letters(letters: LettersState) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in letters.by_reason.items())
    oldest = duration(letters.oldest_seconds or 0.0)
    return f"{counted(letters.open, 'open letter')}, the oldest {oldest} old: {reasons}. See `cor letters list`."


def _views(views: ViewsState, at: datetime) -> str:
    if views.lag is None:
        return f"views: {views.why}"
    age = f", complete {duration((at - views.read_at).total_seconds())} ago" if views.read_at else ""
    return f"views: {views.lag} behind{age}"


def _verdict(status: Status) -> str:
    if status.lost_topics:
        return "Stages stand still, since topics are not what they were (see above)."
    if not status.idle:
        return "At work."
    held = [tenant.tenant for tenant in status.tenants if tenant.holds or tenant.asked is not None]
    undecided = status.letters.undecided
    waiting = [f"{', '.join(held)} (see above)"] if held else []
    on_hold = sum(held.waiting for held in status.people_holds)
    if on_hold:
        waiting.append(f"{on_hold} change order{'s' if on_hold > 1 else ''} on hold by people")
    if undecided:
        waiting.append(f"{undecided} change order{'s' if undecided > 1 else ''} that a person decides about")
    return f"Idle, but for what waits: {'; '.join(waiting)}." if waiting else "Idle: nothing is left to do."


def _stage_row(stage: StageState) -> tuple[object, ...]:
    oldest = "" if stage.oldest_seconds is None else duration(stage.oldest_seconds)
    return (stage.stage, stage.lag, stage.inbox, stage.held, stage.in_doubt, oldest)


def _not_carried(status: Status) -> Iterator[list[str]]:
    """What routes have only shown, what is no longer followed, and the pilots: each by itself, where there is any."""
    unreadable = (f"{key} cannot be read, and counts as no pilot." for key in status.unreadable_pilots)
    told = [list(_only_shown(shown)) for shown in status.only_shown or ()]
    told += [list(_without_route(status.without_route or ())), [*_pilots(status.pilots), *unreadable]]
    return (lines for lines in told if lines)


def _only_shown(shown: OnlyShown) -> Iterator[str]:
    """What a route has shown and not carried, with the command that carries it."""
    name, live = shown.route, shown.mode.value == "live"
    if shown.change_orders:
        words = f"{name}: {_counted(shown.change_orders)} only shown"
        if shown.renamed:
            yield f"{words}. Before they are carried: {'; '.join(shown.renamed)}"
        elif live:
            yield f"{words}. Carry them: cor go-live {name}"
        else:
            yield f"{words}. Once the file says live: cor go-live {name}; some before: --only CHANGE-ORDER"
    if shown.no_longer_followed and live:
        words = f"{name}: {_counted(shown.no_longer_followed)} written, and what changed since was only shown"
        yield f"{words}. Carry it: cor go-live {name}"
    elif shown.no_longer_followed:
        words = f"{name}: {_counted(shown.no_longer_followed)} written and {_is(shown.no_longer_followed)}"
        yield f"{words} no longer followed. Once the file says live, what changed meanwhile: cor go-live {name}"


def _without_route(found: Sequence[WithoutRoute]) -> Iterator[str]:
    """What no route carries any more, the most first."""
    most = sorted(found, key=lambda one: -one.change_orders)
    for one in most[:_MOST_TARGETS]:
        there = f"{system_name(one.system)} {one.destination}".rstrip()
        words = f"{one.target}: {_counted(one.change_orders)} written to {there} and {_is(one.change_orders)}"
        yield f"{words} no longer followed: no route of the file carries that there."
    if len(most) > _MOST_TARGETS:
        rest = sum(one.change_orders for one in most[_MOST_TARGETS:])
        yield f"So it is with {rest} more, of {len(most) - _MOST_TARGETS} other targets: cor status --json."


def _pilots(standing: Sequence[RoutePilots]) -> Iterator[str]:
    """What is carried before its route is live. Of a live route that is nothing special."""
    for of in standing:
        named = ", ".join(of.change_orders[:_MOST_PILOTS])
        more = f" and {len(of.change_orders) - _MOST_PILOTS} more" if len(of.change_orders) > _MOST_PILOTS else ""
        end = f"cor go-live {of.route} --end-pilot"
        if of.has_route is False:
            yield (
                f"{of.route}: no route of the file is called so; its pilots are not carried: {named}{more}. "
                f"End them: {end}"
            )
        elif of.mode is None or of.mode.value != "live":
            yield f"{of.route}: carried as pilots, until the file says live: {named}{more}. End that before: {end}"


def _counted(number: int) -> str:
    return f"{number} change order{' was' if number == 1 else 's were'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _member_row(member: Member, status: Status) -> tuple[object, ...]:
    heard = f"{duration((status.at - member.at).total_seconds())} ago"
    return member.stage, member.instance, tuple(member.owns), member.release, heard


def _guests_row(guests: Sequence[Member]) -> tuple[object, ...]:
    """What commands that ran just now have called in an hour, by account."""
    calls = Counter[str]()
    for guest in guests:
        calls.update({account: guest.calls[account] for account in guest.owns if account in guest.calls})
    works_for = tuple(f"{account}, {count} calls" for account, count in sorted(calls.items()))
    return "commands", f"{len(guests)} lately", works_for, "", ""


def _tenant_row(tenant: TenantState) -> tuple[object, ...] | None:
    state = (*(_hold(hold) for hold in tenant.holds), *(_queue(queue) for queue in tenant.queues), *_more(tenant))
    return (tenant.tenant, tenant.waiting, state) if state or tenant.waiting else None


def _hold(hold: Hold) -> str:
    from operations.status.inbox import hold_end

    scope = hold.scope.partition("/")[2]
    return f"{f'{scope} is held' if scope else 'held'} since {moment(hold.since)}, {hold_end(hold)}: {hold.sentence}"


def _queue(queue: Queue) -> str:
    wait = f"{queue.destination}: {queue.waiting} {'waits' if queue.waiting == 1 else 'wait'}"
    return f"{wait} behind the submission of {queue.ahead}, open since {moment(queue.since)}"


def _more(tenant: TenantState) -> Iterator[str]:
    if tenant.loaded is False and tenant.asked is None:
        yield "the first load is not complete"
    if tenant.asked is not None:
        yield f"deletions wait for a person: cor letters show {tenant.asked}"
    if tenant.in_doubt:
        yield f"{tenant.in_doubt} in doubt"
    if tenant.budget:
        yield "rate budget left: " + ", ".join(
            f"{window} {share:.0%}" for window, share in sorted(tenant.budget.items())
        )
