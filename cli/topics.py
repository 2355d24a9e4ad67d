"""``cor topics apply``, ``cor topics diff`` and ``cor topics moved``."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from cli.errors import Exit, WrongUsage
from cli.screen import AsJson, Screen
from operations.audit import AuditedTransaction, Who, Why, now, operator, stated
from operations.environment import Environment, codec_of, connection_of
from operations.preflight import await_registry, names_in
from relay.engine import provision
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Cluster, Outgoing, Partition
from relay.engine.provision import ProvisionReport
from relay.engine.settings import Settings, read_settings
from relay.engine.topics import NAMES

app = typer.Typer(help="The topics on the cluster.", no_args_is_help=True)

Partitions = Annotated[
    int | None, typer.Option(min=1, help="Partitions of topics that are made now, instead of 12; fixed for life.")
]


@app.command("apply")
def apply_command(
    *,
    partitions: Partitions = None,
    reset_lost_offsets: Annotated[
        bool, typer.Option("--reset-lost-offsets", help="Go on where retention has passed a group's offset.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Creates the topics and the groups' first offsets, records what names stand for, reports drift."""
    settings = read_settings()
    report, names = apply(settings, partitions, reset_lost_offsets=reset_lost_offsets)
    screen = Screen(as_json=as_json)
    screen.json({"created": report.missing, "first_offsets": _unset(report), **_differences(report), "names": names})
    _tell(screen, "created", "first offsets set for", report)
    for name in names:
        screen.line(f"recorded {name}")
    if report.lost and not reset_lost_offsets:
        screen.line("Run `cor topics apply --reset-lost-offsets`, then `cor replay` what was missed.", "bold")
        raise typer.Exit(Exit.FAILED)
    if report.clean and not names:
        screen.line("Everything is as declared.")


@app.command("diff")
def diff_command(*, partitions: Partitions = None, as_json: AsJson = False) -> None:
    """What `apply` would change; changes nothing. Exit code 1 if anything differs."""
    settings = read_settings()
    with Cluster(connection_of(settings)) as cluster:
        report = provision.diff(cluster, settings.topic_prefix, partitions=partitions)
    screen = Screen(as_json=as_json)
    screen.json({"missing": report.missing, "first_offsets": _unset(report), **_differences(report)})
    _tell(screen, "missing", "no first offsets for", report)
    if report.clean:
        screen.line("Everything is as declared.")
    raise typer.Exit(Exit.DONE if report.clean else Exit.FAILED)


@app.command("moved")
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
    environment = Environment.read()
    accounts, _ = names_in(environment.configuration)
    meanings = dict(accounts)
    if account not in meanings:
        known = ", ".join(sorted(meanings)) or "it has none"
        raise WrongUsage(f"{account} is no account of the configuration: {known}")
    at = now()
    record, before = provision.moved(
        environment.connection, environment.codec, environment.prefix, (account, meanings[account]), at
    )
    topic = environment.name(NAMES)
    with AuditedTransaction(environment, operator(who), stated(why)) as acts:
        effect = Outgoing(topic, record.name.encode(), environment.codec.encode(record, topic))
        acts.commit([effect], [acts.action(record.name, "moved", {"from": before, "to": record.stands_for}, at)])
    screen = Screen(as_json=as_json)
    screen.json({"name": record.name, "stands_for": record.stands_for, "before": before})
    screen.line(f"{record.name} stands for {record.stands_for} now (before: {before})")


def apply(
    settings: Settings, partitions: int | None, *, reset_lost_offsets: bool
) -> tuple[ProvisionReport, tuple[str, ...]]:
    """Creates what is missing, and writes down what names stand for; returns the new names too."""
    # A wrong file is told before anything is made.
    configuration = None if settings.config is None else load_configuration(settings.config)
    connection = connection_of(settings)
    connection.wait(settings.patience)
    with Cluster(connection) as cluster:
        report = provision.apply(
            cluster, settings.topic_prefix, partitions=partitions, reset_lost_offsets_too=reset_lost_offsets
        )
    if configuration is None:
        return report, ()
    await_registry(settings, threading.Event())
    accounts, targets = names_in(configuration)
    written = provision.record_names(
        connection, codec_of(settings), settings.topic_prefix, accounts=accounts, targets=targets, now=now()
    )
    return report, written


def _unset(report: ProvisionReport) -> dict[str, int]:
    return {group: len(partitions) for group, partitions in report.unset}


def _differences(report: ProvisionReport) -> dict[str, object]:
    return {"drift": report.drift, "lost_offsets": [_lost(one.partition) | _rest(one) for one in report.lost]}


def _lost(partition: Partition) -> dict[str, object]:
    return {"topic": partition.topic, "partition": partition.number}


def _rest(one: provision.LostOffset) -> dict[str, object]:
    return {"group": one.group, "committed": one.committed, "first": one.first}


def _tell(screen: Screen, topics: str, offsets: str, report: ProvisionReport) -> None:
    for name in report.missing:
        screen.line(f"{topics} {name}")
    for group, count in _unset(report).items():
        screen.line(f"{offsets} {group} in {count} partition{'s' if count != 1 else ''}")
    if report.drift:
        rows = [(one.topic, one.setting, one.found, one.wanted) for one in report.drift]
        screen.table(("topic", "setting", "found", "declared"), rows, title="Not as declared (left as it is):")
    if report.lost:
        lost = [(one.group, one.partition.topic, one.partition.number, one.committed, one.first) for one in report.lost]
        screen.table(("group", "topic", "partition", "offset", "first there"), lost, title="Offsets that are gone:")
