"""What a poll's result becomes: one transaction of events, poll state, letters and remote status."""
