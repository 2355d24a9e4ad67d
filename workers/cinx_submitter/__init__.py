"""Orders approved change orders in CINX: from the purchase order's look-up to the confirmed POCO.

::

    adapter          CINX as the target of the writers' protocol
    situation        one command beside the ledger and what is cached of CINX
    steps            the calls by name
    account_start    an account before anything is ordered: may it be used, and do the routes fit its template
    plan/            the next step of a command
    ├── next_step        by operation
    ├── new_poco         a new POCO, and what is on the purchase order already
    ├── later_revision, difference      change the open POCO, or order the difference as well
    └── named_poco, mark, checks        what a person names; our references; what cannot be ordered
    document/        what is sent: lines, fields, references; and what a POCO that was read says
    calls/           the calls themselves
    ├── read             fills the cache
    ├── submit, mark     the calls that write
    ├── follow, follow_change, open_import, search      what became of an import
    └── adopt, confirm   a POCO becomes the change order's own
    cache/           what was read, of bounded age
    written          what an answer wrote, for the topic of writes
    required_reads, refusals      how planning stops: to read first, or for good
"""
