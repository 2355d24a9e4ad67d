"""``cor trace``: the whole life of one change order, from the topics alone."""
