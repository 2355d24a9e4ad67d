"""A history that never happened, for who builds a subscriber without any remote system."""
