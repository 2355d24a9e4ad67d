"""What a dead letter of the Procore writer says."""
