"""The command line ``cor``: running the stages, and what an operator does about them."""
