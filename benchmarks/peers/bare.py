"""kafka-python and nothing else."""

from __future__ import annotations

from benchmarks.mapping import run_bare
from benchmarks.peers.job import Job

job = Job.of_command_line()
run_bare(job.here, job.count)
job.tell()
