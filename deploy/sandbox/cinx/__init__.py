"""CINX as its API documentation describes it, simulated over HTTP.

Start it with ``python -m deploy.sandbox.cinx --port 0``. The endpoints that create a PO change
order (POCO) were documented in 2019 only, and their fields never: what is open there is a setting
(``settings.py``) or part of the template that an operation replaces (``templates.py``). What
people do in CINX itself is an operation under ``/_sandbox/people`` (``people.py``).
"""
