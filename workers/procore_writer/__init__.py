"""Carries change orders into Procore: what has to be sent next, and what the answers mean.

::

    carrier      the part that the writers' protocol drives
    planning     the next step of a command, by operation
    ├── shapes    the order of the calls, by tier
    ├── limits    what must not be sent at all
    ├── adoption  what was in the contract before us
    ├── withdrawal, verification
    situation    one command beside the ledger and what is known of the contract
    parts        the parts of a change order and their hashes
    elements     the JSON of the calls
    memory       lists of the remote, of bounded age: references, contracts
    calls        the calls themselves and what their answers mean
"""
