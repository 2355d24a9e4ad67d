"""``cor go-live``: a route's change orders carried once it is live, or some of them before, as its pilots.

::

    go_live     chosen, proven, and written into the backfill lane
    unseen      what was shown and never reached a writer
    mappers     whether every running mapper follows these routes, and obeys the pilots
    pilots      change orders that are carried although their route is not live yet
"""
