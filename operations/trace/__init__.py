"""``cor trace``: the whole history of one change order, from the topics alone."""
