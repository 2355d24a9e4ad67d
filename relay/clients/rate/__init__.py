"""Who may send when: governors of the remotes' rate limits.

A governor answers how long to wait and never sleeps. All of them are thread-safe.
"""

from relay.clients.rate.documented import ConstructionOnlineRate
from relay.clients.rate.governor import Governor, Ungoverned
from relay.clients.rate.procore import ProcoreRate, Shares
from relay.clients.rate.steady import SteadyPace

__all__ = ["ConstructionOnlineRate", "Governor", "ProcoreRate", "Shares", "SteadyPace", "Ungoverned"]
