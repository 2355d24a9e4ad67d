#!/usr/bin/env python
"""Stands for Kafka's program of that name: ends with 0 where the broker at ``--bootstrap-server`` answers.

Source: Apache Kafka, 'A guide to the Kafka protocol', ApiVersions (key 18), version 0.
"""

from __future__ import annotations

import socket
import struct
import sys

_CORRELATION = 7
_REQUEST = struct.pack(">hhih", 18, 0, _CORRELATION, -1)


def main(address: str) -> int:
    """Asks which requests the broker takes. Returns the exit code."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=10) as broker, broker.makefile("rb") as answers:
            broker.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
            _, correlation, error = struct.unpack(">iih", answers.read(10))
    except (OSError, struct.error) as problem:
        sys.stderr.write(f"{address}: {problem}\n")
        return 1
    return 0 if (correlation, error) == (_CORRELATION, 0) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--bootstrap-server") + 1]))
