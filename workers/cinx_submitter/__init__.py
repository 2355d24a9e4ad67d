"""Orders approved change orders in CINX: from the look-up of the purchase order to the confirmed POCO.

::

    carrier      the part that the writers' protocol drives
    planning     the next step of a command, by operation; pure, as is all that it uses
    ├── submission   a new POCO, and what is on the purchase order already
    ├── later, difference      later revisions: change the open POCO, or order the difference
    ├── checks, wanted, fields, references, draft, requiring, document      what is sent, and what cannot be
    situation    one command beside the ledger and what is known of CINX
    memory       what was read, of bounded age
    starting     an account before anything is ordered: may it be used, and do the routes fit its template
    reading      the calls that fill the memory
    sending      the calls that order a POCO and change it
    marking      our references on a POCO that somebody else has made
    following    what became of a submission: jobs, searching, changing
    taking       a POCO becomes the change order's own
"""
