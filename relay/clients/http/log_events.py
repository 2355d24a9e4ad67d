"""The names of the log events of the clients. They are stable: alerts are built on them."""

from __future__ import annotations

from typing import Final

CALL_ENDED: Final = "remote.call"
"""A call was answered. Fields: remote, tenant, operation, status, seconds."""

CALL_FAILED: Final = "remote.call_failed"
"""A call ended in a failure. Fields as above, and failure, message."""

TOKEN_RENEWED: Final = "remote.token_renewed"  # noqa: S105 - the name of an event
"""A new access token was obtained. Fields: remote, tenant, lifetime_seconds."""

TOKEN_RENEWAL_POSTPONED: Final = "remote.token_renewal_postponed"  # noqa: S105 - as above
"""The token endpoint did not answer, but the old token still holds."""

JOB_PATH_FOUND: Final = "cinx.job_path_found"
"""Which of the two forms of the job status address this server answers. Field: path."""
