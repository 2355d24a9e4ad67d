"""``cor check``: proves what a set-up needs, with nothing that changes anything."""
