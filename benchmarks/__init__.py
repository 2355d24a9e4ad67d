"""Programs that measure the relay and print what they measured as JSON."""
