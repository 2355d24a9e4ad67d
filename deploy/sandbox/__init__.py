"""The remote systems, simulated over HTTP: ConstructionOnline, CINX and Procore.

Each is a process of its own on 127.0.0.1, with state that lasts as long as the process::

    python -m deploy.sandbox.NAME --port 0 [--seed FILE] [--detached]

prints ``listening on http://127.0.0.1:PORT`` when it is ready, and ends on SIGTERM, SIGINT, or
(unless ``--detached``) when the process that started it ends. FILE is a JSON object
``{"settings": {...}, "people": [{"operation": NAME, ...}], "faults": [...]}``, all optional.

**Writing a simulator.** ``deploy.sandbox.shell`` has everything that is not about one remote:

* ``Call``: ``method``, ``path`` (percent-decoded), ``pairs`` (the query in order, as name and
  value), ``query`` (the last value of each name), ``values(name)``, ``headers`` (lower-case
  names), ``body`` (bytes, decoded from chunks), ``target`` (path and query as they came).
* ``Answer(status, body, headers, gzip)``: ``body`` is text or bytes; ``gzip`` compresses it for a
  caller who accepts that. ``Date``, ``Content-Length`` and ``Connection`` are added.
* ``Service``: the protocol that a simulator implements: ``answer``, ``state``, ``settings``,
  ``change_settings``, ``operations``, ``operate``, ``contents``, ``refill``, ``secrets``. All of it
  runs under one lock, so a service needs none. ``Refused`` is what it raises against a setting or an operation.
* ``Clock``: the current time in UTC, which tests can move forward.
* ``main(name, make)``: the command line; ``make(clock)`` returns a new ``Service`` and is called
  again at every reset. It is all that ``__main__.py`` contains.

**Control**, under ``/_sandbox`` of the same port, JSON both ways, 400 with ``error`` when refused:

* ``GET /_sandbox``: name, settings and operations with a sentence each.
* ``GET /_sandbox/history``: every request that reached the simulated remote whole: ``n``, ``at``, ``method``,
  ``path``, ``target``, ``query`` (pairs), ``headers`` (without credentials), ``body``, ``status``,
  ``answer_headers``, ``answer`` (text), ``applied`` (how many times the service acted on it),
  ``applied_at``, ``answered`` (the whole answer was sent to somebody who was still there),
  ``finished_at``, ``fault`` (the kind, or null), ``phase`` (``received``, ``held``, ``done``).
  Narrowed by ``since`` (``n`` greater than), ``method``, ``path`` (pattern), ``body`` (text in it),
  ``fault``, ``phase``, ``applied`` (0 or 1), ``answered``; ``bodies=0`` leaves bodies out; with
  ``wait=SECONDS`` and ``count=N`` (1) it answers as soon as there are that many.
* ``DELETE /_sandbox/history`` forgets them; ``n`` goes on.
* ``GET /_sandbox/state``: everything the simulated remote holds.
* ``GET``, ``PATCH /_sandbox/settings``: what the remote's documentation leaves open.
* ``GET``, ``POST`` (an object or a list), ``DELETE /_sandbox/faults``, ``DELETE /_sandbox/faults/ID``;
  see ``deploy.sandbox.shell.faults``. ``POST /_sandbox/release`` lets go what is held or late,
  all of it or that of ``{"fault": ID}`` or ``{"n": N}``.
* ``POST /_sandbox/people/{operation}``: what a person does in the product.
* ``GET``, ``POST /_sandbox/clock`` with ``{"advance": SECONDS}``.
* ``POST /_sandbox/reset``: as at start, optionally with another seed as body.
* ``GET /_sandbox/snapshot``: all that the remote holds, what is under way and the ids to come among it; ``POST`` with
  that body goes on from there, in whatever process. Faults, history and the clock are no part of it.

``deploy.sandbox.process`` starts one from a test or a program and speaks to its control API.

Nothing here imports anything from the product: a simulator that shares code with the client it
tests proves nothing.
"""
