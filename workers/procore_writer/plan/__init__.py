"""What is to be sent to Procore next for one change order. Nothing is sent here."""
