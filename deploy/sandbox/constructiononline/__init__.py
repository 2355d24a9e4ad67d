"""ConstructionOnline as its developer documentation describes it, simulated over HTTP.

Start it with ``python -m deploy.sandbox.constructiononline --port 0``. Where the documentation is
silent the behaviour is a setting (see ``settings.py``); what people do in the product's own pages
is an operation under ``/_sandbox/people`` (see ``people.py``).
"""
