"""``cor reconcile``: source, reconciling items, what is expected there, what is there, and what nobody can explain.

::

    amounts        approved and pending, apart
    causes         what a difference may come from
    books          what is compared: the source's shares, what was written, records at the remote
    source_shares  what the source says of a change order at each place
    evidence       why something is not there (yet), by what the relay has told
    edits          what people did to a record of ours
    compare        one change order at one place: items, and what is left
    statement      contracts and sides of it, with sums that never cross sides or currencies
    recorded       the books as they were at a time, from the tables
    onward         contracts that get change orders from our records
    named          which projects a name means
    connected      which projects, contracts and records belong together
    project        the books of all that belong together
    live           what the source and the remotes say now; procore_records, cinx_records
    report         the report of books
    command        both ways to one
    cut_off        months and times
    signing        a report that a person has signed, and what has changed since
    table          reconciling items as a spreadsheet
"""
