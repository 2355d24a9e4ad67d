"""Who may send when: governors of the remotes' rate limits.

A governor answers how long to wait and never sleeps. All of them are thread-safe.
"""

from relay.clients.rate.documented import ConstructionOnlineRate
from relay.clients.rate.governor import Governor, Ungoverned
from relay.clients.rate.guest import GuestRate, SharedRate
from relay.clients.rate.process_rates import CompanyLimits, PollerRate, ProcoreRates
from relay.clients.rate.procore import ProcoreRate
from relay.clients.rate.shares import GUEST_SHARE, POLLER_SHARE, Shares
from relay.clients.rate.steady import SteadyPace

__all__ = [
    "GUEST_SHARE",
    "POLLER_SHARE",
    "CompanyLimits",
    "ConstructionOnlineRate",
    "Governor",
    "GuestRate",
    "PollerRate",
    "ProcoreRate",
    "ProcoreRates",
    "SharedRate",
    "Shares",
    "SteadyPace",
    "Ungoverned",
]
