"""Commands as guests of the accounts: what of a rate budget they may use beside the stages, and what they say of it.

::

    guest       by what a command calls an account
    presence    what it states on the control topic, and what it finds there
    noted_use   what a stage that is away has noted of its own use
"""

from operations.guests.guest import LONGEST_WAIT, Guest, guest_of

__all__ = ["LONGEST_WAIT", "Guest", "guest_of"]
