"""The mapper's job in other frameworks, with our codec and our mapping, beside ours in one run.

They run in an environment of their own, with the pinned packages of ``requirements.lock``::

    python -m venv .local/peers
    .local/peers/bin/python -m pip install --require-hashes -r benchmarks/peers/requirements.lock
    python -m benchmarks.peers .local/peers/bin/python --count 20000

job          what each of them does with one record: decode, map, encode
ours         the mapper's stage: exactly once
bare         the loop of ``benchmarks/mapping.py`` around kafka-python: exactly once
messages     FastStream, record by record: at least once, since it has no transactions that take offsets along
batches      FastStream, up to 500 records at once: at least once
quix         Quix Streams, on librdkafka: exactly once, with a commit after 500 records
"""
