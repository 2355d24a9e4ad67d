"""The dead-letter keeper: settles the mapper's letters, redrives by policy, counts."""
