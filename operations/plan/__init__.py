"""``cor plan``: what would be carried, what would be refused and why, what it costs; nothing is written at a remote.

::

    plan       change orders chosen and mapped as if their routes were live, and looked at
    writers    the writers' own protocol over a copy of their state, with clients that only read
    rows       what was found, as a row for each change order and target
    sums       by side, currency and status
    recorded   a plan in the audit topic, where ``cor go-live`` finds it
"""
