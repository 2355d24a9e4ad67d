"""The YAML file: accounts and routes, checked as a whole before anything is consumed."""

from relay.engine.configuration.accounts import CinxAccount, ConstructionOnlineAccount, ProcoreAccount
from relay.engine.configuration.loading import Configuration, load_configuration
from relay.engine.configuration.problems import ConfigurationError, Problem

__all__ = [
    "CinxAccount",
    "Configuration",
    "ConfigurationError",
    "ConstructionOnlineAccount",
    "Problem",
    "ProcoreAccount",
    "load_configuration",
]
