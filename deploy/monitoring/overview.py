"""All of an installation, by symptoms: late, refused, waiting for a person, held, bounded, failing."""

from __future__ import annotations

from deploy.monitoring.panels import Panel

PANELS = (
    Panel(
        title="Sources overdue",
        kind="stat",
        queries=(
            (
                (
                    "count(time() - max by (system, account) (cor_last_successful_poll_timestamp_seconds) > "
                    "clamp_min(3 * max by (system, account) (cor_poll_interval_planned_seconds), 900)) or vector(0)"
                ),
                "",
            ),
        ),
        tells="Accounts whose last successful poll is older than three planned intervals and 15 minutes.",
        heading="alerts",
        red=1,
    ),
    Panel(
        title="Oldest change order that waits",
        kind="stat",
        queries=(('max(cor_inbox_oldest_age_seconds{lane="live"})', ""),),
        tells="How late the latest is. A first load or a replay is not counted.",
        heading="how-it-stands",
        unit="s",
        red=900,
    ),
    Panel(
        title="Open letters",
        kind="stat",
        queries=(("sum(cor_letters_open) or vector(0)", ""),),
        tells="Refused, and told in a sentence: cor letters list.",
        heading="dead-letters",
        red=1,
    ),
    Panel(
        title="In doubt, for a person",
        kind="stat",
        queries=(("sum(cor_in_doubt_change_orders) or vector(0)", ""),),
        tells="Change orders whose last write is unknown. Above 0 for 15 minutes: a person decides.",
        heading="dead-letters",
        red=1,
    ),
    Panel(
        title="Accounts that refuse the relay",
        kind="stat",
        queries=(("sum(max by (tenant) (cor_tenant_blocked)) or vector(0)", ""),),
        tells="Credentials refused, app disconnected or subscription expired. Everything for them waits.",
        heading="holds",
        red=1,
    ),
    Panel(
        title="Deletions nobody confirmed",
        kind="stat",
        queries=(("sum(max by (system, account) (cor_sweep_deletions_unconfirmed)) or vector(0)", ""),),
        tells="So many at once are not believed: look at the source, then answer the letter.",
        heading="dead-letters",
        red=1,
    ),
    Panel(
        title="Holds by people",
        kind="stat",
        queries=(("max(cor_people_holds)", ""),),
        tells="What somebody keeps from being written: cor holds list.",
        heading="holds-by-people",
    ),
    Panel(
        title="What stands still",
        kind="stat",
        queries=(
            ("sum(max by (topic) (cor_topic_lost)) or vector(0)", "topics lost"),
            ("sum(max by (stage) (max_over_time(cor_circuit_open[15m]))) or vector(0)", "stopped itself"),
            ("count(cor_configuration_valid == 0) or vector(0)", "file refused"),
            ("count(cor_control_age_seconds > 60) or vector(0)", "holds not known"),
            ("count(time() - max(cor_views_last_read_timestamp_seconds > 0) > 900) or vector(0)", "tables old"),
            (
                (
                    "count(sum by (stage) (max_over_time("
                    'cor_partitions_owned{stage=~"mapper|dead-letters|poll-.+"}[10m])) == 0) or vector(0)'
                ),
                "own nothing",
            ),
            ("count(max by (stage) (avg_over_time(cor_stage_ready[15m])) < 0.5) or vector(0)", "not ready"),
        ),
        tells="Topics gone, stages that stopped themselves or do not work, files refused, holds or tables not read.",
        heading="alerts",
        red=1,
    ),
    Panel(
        title="Oldest that waits, by account",
        kind="timeseries",
        queries=(("max by (tenant, lane) (cor_inbox_oldest_age_seconds)", "{{tenant}} {{lane}}"),),
        tells="The delay until a change order is written.",
        heading="how-it-stands",
        unit="s",
        width=8,
    ),
    Panel(
        title="Lag: commands that wait or are under way",
        kind="timeseries",
        queries=(("sum by (tenant, lane) (cor_inbox_records)", "{{tenant}} {{lane}}"),),
        tells="A rate limit that is used up looks like this, too: compare the budgets.",
        heading="how-it-stands",
        width=8,
    ),
    Panel(
        title="Since the last successful poll",
        kind="timeseries",
        queries=(
            (
                "time() - max by (system, account) (cor_last_successful_poll_timestamp_seconds)",
                "{{system}}:{{account}}",
            ),
        ),
        tells="How old what is known of a source may be.",
        heading="alerts",
        unit="s",
        width=8,
    ),
    Panel(
        title="Open letters by reason",
        kind="timeseries",
        queries=(("sum by (stage, reason) (cor_letters_open)", "{{stage}} {{reason}}"),),
        tells="Each is a change order that did not arrive.",
        heading="dead-letters",
        width=8,
    ),
    Panel(
        title="Held, by reason",
        kind="timeseries",
        queries=(("sum by (tenant, reason) (cor_held_change_orders)", "{{tenant}} {{reason}}"),),
        tells="Holds end by themselves, but for those of people.",
        heading="holds",
        width=8,
    ),
    Panel(
        title="Rate budget that is left",
        kind="timeseries",
        queries=(("min by (tenant, window) (cor_rate_budget_remaining_ratio)", "{{tenant}} {{window}}"),),
        tells="Near 0 for long: the remote's limit bounds the throughput.",
        heading="alerts",
        unit="percentunit",
        width=8,
    ),
    Panel(
        title="Errors of remote systems",
        kind="timeseries",
        queries=(
            (
                'sum by (tenant, result) (increase(cor_remote_calls_total{result!~"[23].."}[$__rate_interval]))',
                "{{tenant}} {{result}}",
            ),
        ),
        tells="Answers that are no success, and calls without an answer by the failure's class.",
        heading="holds",
        width=8,
    ),
    Panel(
        title="Errors of the relay",
        kind="timeseries",
        queries=(
            (
                'sum by (stage, result) (increase(cor_transactions_total{result!="committed"}[$__rate_interval]))',
                "{{stage}} {{result}}",
            ),
            (
                'sum by (system, account, result) (increase(cor_polls_total{result!="done"}[$__rate_interval]))',
                "{{system}}:{{account}} {{result}}",
            ),
            ("sum by (topic) (increase(cor_records_foreign_total[$__rate_interval]))", "foreign on {{topic}}"),
        ),
        tells="Transactions and polls that failed, and records of strangers.",
        heading="alerts",
        width=8,
    ),
    Panel(
        title="What became of change orders",
        kind="timeseries",
        queries=(("sum by (kind) (increase(cor_outcomes_total[$__rate_interval]))", "{{kind}}"),),
        tells="Outcomes by kind. None for long may be a quiet day.",
        heading="how-it-stands",
        width=8,
    ),
)
