"""Carries change orders into Procore: what has to be sent next, and what the answers mean.

::

    stage, carrier      what the writers' protocol drives
    planning            the next step of a command; pure, as is everything below it
    ├── pco_shape, package_shape    the order of the calls: two and three tiers, one tier
    │   └── line_steps, grouping, reasons, references, steps
    ├── limits          what must not be sent at all
    ├── adoption, candidates, typed_lines    what was in the contract before us
    ├── withdrawal, verification    taking back, and comparing
    ├── situation       one command beside the ledger and the memory
    └── parts, elements             parts with their hashes, and the JSON of the calls
    memory, contracts, lookups      what was read of the remote, of bounded age
    reading, writing    the calls by step, each group of them in a file of its own
    gone, hidden        records that a person deleted, and those that Procore made
    refusals, readback, links       what answers mean, in words for people
"""
