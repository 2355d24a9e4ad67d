"""The steps of the writers' protocol. None imports another for a helper: those lie in ``state``, below them."""
