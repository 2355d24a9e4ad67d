"""The mapper's stage."""

from __future__ import annotations

from benchmarks.mapping import run_stage
from benchmarks.peers.job import Job

job = Job.of_command_line()
run_stage(job.here, job.count)
job.tell()
