"""Carries change orders into Procore: what has to be sent next, and what the answers mean.

::

    stage, adapter      what the writers' protocol drives
    situation           one command beside what ledger and cache hold of its change order
    plan/next_step      the next step of a command, out of its situation alone
    ├── several_tiers, one_tier    the order of the calls, by the tiers of the project
    │   └── lines, packages, references, change_reason; steps, elements, record_updates
    ├── limits          what must not be sent at all
    ├── existing_records, candidates, typed_lines, ownership    what was in the contract before us
    └── withdraw, verify, destination    taking back, comparing, and by whose rules
    calls/table         the calls by step, one file for each kind of record
    cache/              what was read of Procore, of bounded age
    written             what an answer wrote, for the topic of writes; its drafts are plan/written_records
    content/            parts with their hashes, and links for people
    letters/            what refusals and answers mean, in words for people
"""
