"""The writers' protocol: receive, choose, intend, call, settle.

One reusable piece under both writers. What it knows of a remote system it asks of a
:class:`relay.engine.writer.carrier.Carrier`.
"""
