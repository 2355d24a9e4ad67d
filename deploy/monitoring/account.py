"""One account: as it is polled, and as it is written to."""

from __future__ import annotations

from deploy.monitoring.panels import Panel

_POLLED = 'system="$system", account="$account"'
_WRITTEN = 'tenant="$system:$account"'

PANELS = (
    Panel(
        title="Since the last successful poll",
        kind="stat",
        queries=((f"time() - max(cor_last_successful_poll_timestamp_seconds{{{_POLLED}}})", ""),),
        tells="How old what is known of this account may be.",
        heading="alerts",
        unit="s",
    ),
    Panel(
        title="Between two looks, as planned",
        kind="stat",
        queries=((f"max(cor_poll_interval_planned_seconds{{{_POLLED}}})", ""),),
        tells="poll_interval, or longer where the rate budget is too small: cor check says which.",
        heading="alerts",
        unit="s",
    ),
    Panel(
        title="Oldest change order that waits",
        kind="stat",
        queries=((f'max(cor_inbox_oldest_age_seconds{{{_WRITTEN}, lane="live"}})', ""),),
        tells="How late the latest is.",
        heading="how-it-stands",
        unit="s",
        red=900,
    ),
    Panel(
        title="Refuses the relay",
        kind="stat",
        queries=((f"max(cor_tenant_blocked{{{_WRITTEN}}})", ""),),
        tells="1: credentials refused, app disconnected or subscription expired.",
        heading="holds",
        red=1,
    ),
    Panel(
        title="In doubt, for a person",
        kind="stat",
        queries=((f"sum(cor_in_doubt_change_orders{{{_WRITTEN}}})", ""),),
        tells="Change orders whose last write is unknown.",
        heading="dead-letters",
        red=1,
    ),
    Panel(
        title="Held",
        kind="stat",
        queries=((f"sum(cor_held_change_orders{{{_WRITTEN}}})", ""),),
        tells="cor status says what holds each.",
        heading="holds",
    ),
    Panel(
        title="Least rate budget that is left",
        kind="stat",
        queries=((f"min(cor_rate_budget_remaining_ratio{{{_WRITTEN}}})", ""),),
        tells="Near 0 for long: the remote's limit bounds the throughput.",
        heading="alerts",
        unit="percentunit",
        red_below=0.1,
    ),
    Panel(
        title="Deletions nobody confirmed",
        kind="stat",
        queries=((f"max(cor_sweep_deletions_unconfirmed{{{_POLLED}}})", ""),),
        tells="Look at the source, then answer the letter.",
        heading="dead-letters",
        red=1,
    ),
    Panel(
        title="Commands that wait or are under way",
        kind="timeseries",
        queries=((f"sum by (lane) (cor_inbox_records{{{_WRITTEN}}})", "{{lane}}"),),
        tells="The inbox of the account's writer.",
        heading="how-it-stands",
        width=8,
    ),
    Panel(
        title="Held, by reason",
        kind="timeseries",
        queries=((f"sum by (reason) (cor_held_change_orders{{{_WRITTEN}}})", "{{reason}}"),),
        tells="What each hold covers, and when it ends, stands in the runbook.",
        heading="holds",
        width=8,
    ),
    Panel(
        title="Rate budget that is left",
        kind="timeseries",
        queries=((f"min by (window) (cor_rate_budget_remaining_ratio{{{_WRITTEN}}})", "{{window}}"),),
        tells="By the remote's windows.",
        heading="alerts",
        unit="percentunit",
        width=8,
    ),
    Panel(
        title="Requests by result",
        kind="timeseries",
        queries=(
            (
                f"sum by (result) (increase(cor_remote_calls_total{{{_WRITTEN}}}[$__rate_interval]))",
                "{{result}}",
            ),
        ),
        tells="HTTP statuses, or the failure's class without an answer.",
        heading="holds",
        width=8,
    ),
    Panel(
        title="Duration of requests",
        kind="timeseries",
        queries=tuple(
            (
                (
                    f"histogram_quantile({share}, sum by (le) "
                    f"(rate(cor_remote_call_seconds_bucket{{{_WRITTEN}}}[$__rate_interval])))"
                ),
                legend,
            )
            for share, legend in ((0.5, "half within"), (0.95, "19 of 20 within"))
        ),
        tells="How fast the remote answers.",
        heading="holds",
        unit="s",
        width=8,
    ),
    Panel(
        title="Events published",
        kind="timeseries",
        queries=(
            (
                f"sum by (change) (increase(cor_events_published_total{{{_POLLED}}}[$__rate_interval]))",
                "{{change}}",
            ),
        ),
        tells="What the account's poller saw. None for long may be a quiet day.",
        heading="how-it-stands",
        width=8,
    ),
)
