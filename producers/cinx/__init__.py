"""The poller of CINX: PO change orders, and what becomes of ours."""
