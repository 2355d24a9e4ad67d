"""The names of the engine's and the stages' log events. They are stable: alerts are built on them."""

from __future__ import annotations

from typing import Final

STAGE_STARTED: Final = "stage.started"
"""A stage's thread runs. Fields: stage."""

STAGE_ENDED: Final = "stage.ended"
"""A stage ended as asked. Fields: stage."""

STAGE_FAILED: Final = "stage.failed"
"""A stage raised; the process ends with exit code 1. Fields: stage, error, message."""

STAGE_OVERRAN: Final = "stage.overran"
"""A stage did not end within the shutdown budget and was abandoned. Fields: stage, stack."""

CONFIGURATION_TAKEN_OVER: Final = "configuration.taken_over"
"""A changed configuration file is in force. Fields: file."""

CONFIGURATION_REFUSED: Final = "configuration.refused"
"""A changed configuration file is wrong; the last good one stays. Fields: file, problems."""

TELEMETRY_SERVED: Final = "telemetry.served"
"""Where /livez, /readyz and /metrics are served. Fields: address, port."""

LIBRARY: Final = "library"
"""A library wrote to the standard log. Fields: message, and the library's logger."""

CARRIER_DEFECT: Final = "writer.carrier_defect"
"""The relay itself failed around a call; its outcome counts as unknown. Fields: tenant, step."""

ANSWER_LOST: Final = "writer.answer_lost"
"""Whether a call was applied is unknown; it is read back. Fields: tenant, step, records, message."""

HELD: Final = "writer.held"
"""A tenant, a host or a destination waits. Fields: scope, kind, sentence."""

RELEASED: Final = "writer.released"
"""A hold has ended. Fields: scope, kind."""

OWNER_RESTARTED: Final = "writer.owner_restarted"
"""A commit was not certain: the partition was fenced and restored. Fields: partition, message."""

PARTITION_OWNED: Final = "writer.partition_owned"
"""A partition was fenced and restored; its work begins. Fields: stage, partition."""

PARTITION_LOST: Final = "writer.partition_lost"
"""A partition went to another instance. Fields: stage, partition."""
