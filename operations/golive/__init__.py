"""``cor go-live``: a route's change orders carried once it is live, or some of them before, as its pilots.

::

    chosen      what is to be carried: what no writer has been asked for, held against what a plan has shown
    left        what of it is not, and why
    go_live     what was chosen, written into the backfill lane
    unseen      what writers have seen, so that the rest never reached one
    only_shown  what `cor status` says of it, and of what was written and is no longer followed
    mappers     whether every running mapper follows these routes, and obeys the pilots
    pilots      change orders that are carried although their route is not live yet
"""
