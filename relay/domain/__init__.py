"""Change orders and what may be done with them. Pure: clock, ids and randomness come in as arguments."""
