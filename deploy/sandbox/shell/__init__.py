"""What all simulated remotes have in common: the HTTP server, history, faults and control."""

from deploy.sandbox.shell.adjustable import Adjustable
from deploy.sandbox.shell.clock import Clock
from deploy.sandbox.shell.exchange import Answer, Call
from deploy.sandbox.shell.main import main
from deploy.sandbox.shell.seed import Seed
from deploy.sandbox.shell.server import Server, running
from deploy.sandbox.shell.service import Refused, Service
from deploy.sandbox.shell.simulator import Simulator

__all__ = [
    "Adjustable",
    "Answer",
    "Call",
    "Clock",
    "Refused",
    "Seed",
    "Server",
    "Service",
    "Simulator",
    "main",
    "running",
]
