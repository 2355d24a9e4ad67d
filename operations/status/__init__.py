"""``cor status``: how far every stage is, from topics and group offsets alone."""
