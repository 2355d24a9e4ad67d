"""Calls of the CINX submitter: one file for each kind."""
