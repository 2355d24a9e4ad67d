"""Procore as its API documentation describes it, simulated over HTTP as far as change orders need it.

Start it with ``python -m deploy.sandbox.procore --port 0``. Where the documentation is silent or
contradicts itself the behaviour is a setting (``settings.py``); what people do in Procore's own
pages is an operation (``people``).
"""
