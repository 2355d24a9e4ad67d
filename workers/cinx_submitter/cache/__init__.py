"""What was read of a CINX account and stays true for a while."""
