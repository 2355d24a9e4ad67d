"""Calls of the Procore writer: one file for each kind of record."""
