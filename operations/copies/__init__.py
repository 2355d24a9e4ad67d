"""A copy of everything that the relay keeps in Kafka, and the same again on another cluster.

Records name each other by topic, partition and offset, and groups go on from offsets: on the other cluster each
record stands where it stood.
"""

from __future__ import annotations
