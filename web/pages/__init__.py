"""A screen each."""
