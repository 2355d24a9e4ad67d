"""What commands ask of the remote systems before anything is carried: they read, say what they ask, and stop in time.

::

    calls        how many calls a command may make, each said before it is made
    remotes      an account's client under these terms
    seen_items   the items of change orders, as they were observed or as the source lists them
"""
