"""``cor topics apply``, ``cor topics diff`` and ``cor topics moved``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.calls import told_calls
from cli.command import Command
from cli.discover import MostCalls
from cli.errors import Exit
from cli.options import Who, Why
from cli.screen import AsJson, Screen
from operations.operator import operator, stated

if TYPE_CHECKING:
    from relay.engine.provision import LostOffset, ProvisionReport

app = typer.Typer(help="The topics on the cluster.", no_args_is_help=True)
Partitions = Annotated[
    int | None, typer.Option(min=1, help="Partitions of topics that are made now, instead of 12; fixed for life.")
]


@app.command("apply", cls=Command)
def apply_command(
    *,
    partitions: Partitions = None,
    reset_lost_offsets: Annotated[
        bool, typer.Option("--reset-lost-offsets", help="Go on where retention has passed a group's offset.")
    ] = False,
    accept_new_topic: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Take a topic that was deleted and made again, or make it; repeatable."),
    ] = None,
    accept_new_target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Take a target that writes where one of another name did; repeatable."),
    ] = None,
    unproven: Annotated[
        bool, typer.Option("--unproven", help="Record names although a remote denies what they stand for, or unasked.")
    ] = False,
    calls: MostCalls = 100,
    who: Who = None,
    why: Annotated[str | None, typer.Option(help="Why these are taken; kept in the audit topic.")] = None,
    as_json: AsJson = False,
) -> None:
    """Creates the topics and the groups' first offsets, records names and the topics' ids, reports drift.

    The remotes are asked for what is new in the file: projects and contracts that it calls by number or name are
    looked up and pinned, and none is recorded that they say they do not have. A target that seems to be renamed is
    asked about, since by another name all would be written once more.
    """
    from operations.topics import Acceptance, Looking, apply

    accepted, targets = tuple(accept_new_topic or ()), tuple(accept_new_target or ())
    accept = Acceptance()
    if accepted or targets:
        accept = Acceptance(topics=accepted, targets=targets, who=operator(who), why=stated(why or ""))
    screen = Screen(as_json=as_json)
    made = told_calls(screen, calls)
    report, recorded, untold = apply(
        partitions, reset_lost_offsets=reset_lost_offsets, looking=Looking(calls=made, unproven=unproven), accept=accept
    )
    topics = [name for name in recorded if name.startswith("topic:")]
    names = [name for name in recorded if name not in topics]
    found = {"created": report.missing, "first_offsets": _unset(report), **_differences(report)}
    screen.json({**found, "names": names, "topic_ids": topics, "accepted": [*accepted, *targets], "untold": untold})
    _show(screen, "created", "first offsets set for", report)
    for name in names:
        screen.line(f"recorded {name}")
    if topics:
        screen.line(f"recorded the ids of {len(topics)} topic{'s' if len(topics) > 1 else ''}")
    for sentence in untold:
        screen.line(f"could not be proven: {sentence}")
    for name in (*accepted, *targets):
        screen.line(f"accepted {name} as it is now")
    if report.lost and not reset_lost_offsets:
        screen.line("Run `cor topics apply --reset-lost-offsets`, then `cor replay` what was missed.", "bold")
        raise typer.Exit(Exit.FAILED)
    if report.clean and not (recorded or accepted):
        screen.line("Everything is as declared.")


@app.command("diff", cls=Command)
def diff_command(*, partitions: Partitions = None, as_json: AsJson = False) -> None:
    """What `apply` would change; changes nothing. Exit code 1 if anything differs."""
    from operations.topics import diff

    report = diff(partitions)
    screen = Screen(as_json=as_json)
    screen.json({"missing": report.missing, "first_offsets": _unset(report), **_differences(report)})
    _show(screen, "missing", "no first offsets for", report)
    if report.clean:
        screen.line("Everything is as declared.")
    raise typer.Exit(Exit.DONE if report.clean else Exit.FAILED)


@app.command("moved", cls=Command)
def moved_command(
    account: Annotated[str, typer.Argument(help="SYSTEM:NAME as in the configuration.", show_default=False)],
    *,
    who: Who = None,
    why: Why,
    as_json: AsJson = False,
) -> None:
    """Says that an account is the same remote account, under the address or login that is configured now.

    What was written before stays known. Said of another company's account, records would be made twice.
    """
    from operations.topics import moved

    record, before = moved(account, who=operator(who), why=stated(why))
    screen = Screen(as_json=as_json)
    screen.json({"name": record.name, "stands_for": record.stands_for, "before": before})
    screen.line(f"{record.name} stands for {record.stands_for} now (before: {before})")


def _unset(report: ProvisionReport) -> dict[str, int]:
    return {group: len(partitions) for group, partitions in report.unset}


def _differences(report: ProvisionReport) -> dict[str, object]:
    return {"drift": report.drift, "lost_offsets": [_lost_offset(lost) for lost in report.lost]}


def _lost_offset(lost: LostOffset) -> dict[str, object]:
    return {
        "topic": lost.partition.topic,
        "partition": lost.partition.number,
        "group": lost.group,
        "committed": lost.committed,
        "first": lost.first,
    }


def _show(screen: Screen, topics: str, offsets: str, report: ProvisionReport) -> None:
    for name in report.missing:
        screen.line(f"{topics} {name}")
    for group, count in _unset(report).items():
        screen.line(f"{offsets} {group} in {count} partition{'s' if count != 1 else ''}")
    if report.drift:
        rows = [(drift.topic, drift.setting, drift.found, drift.wanted) for drift in report.drift]
        screen.table(("topic", "setting", "found", "declared"), rows, title="Not as declared (left as it is):")
        for drift in report.drift:
            screen.line(f"{drift.sentence}.")
    if report.lost:
        columns = ("group", "topic", "partition", "offset", "first there")
        offsets_gone = [
            (lost.group, lost.partition.topic, lost.partition.number, lost.committed, lost.first)
            for lost in report.lost
        ]
        screen.table(columns, offsets_gone, title="Offsets that are gone:")
