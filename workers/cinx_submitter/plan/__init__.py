"""What is to be sent to CINX next for one change order. Nothing is sent here."""
