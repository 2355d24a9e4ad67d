"""Who may send when: governors of the remotes' rate limits.

A governor answers how long to wait and never sleeps. All of them are thread-safe.
"""

from relay.clients.rate.documented import ConstructionOnlineRate
from relay.clients.rate.governor import Governor, Ungoverned
from relay.clients.rate.procore import POLLER_SHARE, ProcoreRate, Shares
from relay.clients.rate.steady import SteadyPace

__all__ = ["POLLER_SHARE", "ConstructionOnlineRate", "Governor", "ProcoreRate", "Shares", "SteadyPace", "Ungoverned"]
