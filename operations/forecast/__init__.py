"""What it takes to carry commands: calls and time, as ``cor plan`` and ``cor replay --dry-run`` say it beforehand.

::

    calls      about how many calls the writers make, by the kind of contract and what is approved
    duration   how long an account's rate budget makes them last
"""
