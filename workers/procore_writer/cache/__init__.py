"""What was read of a Procore company and stays true for a while."""
