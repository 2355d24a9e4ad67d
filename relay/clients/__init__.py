"""One module per remote system, on one HTTP layer.

::

    procore   constructiononline   cinx      what the remotes offer, in their own words
        └───────────┴───────────────┘
    http           one exchange: deadline, size cap, failures told apart, secrets removed; the socket
    native_json    bodies cut into records byte for byte
    rate           who may send when

Every client raises only :class:`relay.domain.failures.CallFailure` and its subclasses, may be
shared by threads, and never sleeps by itself.
"""
