"""What has changed at the source: comparison with poll state, deletions, events."""
