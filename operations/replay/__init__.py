"""``cor replay``: a range of observed history, mapped again into the backfill lane."""
