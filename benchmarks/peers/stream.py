"""FastStream, record by record or by batches."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from faststream import FastStream
from faststream.confluent import KafkaBroker, KafkaMessage

from benchmarks.peers.job import Job

BATCH = 500

by_batches = sys.argv.pop(1) == "batches"
job = Job.of_command_line()
broker = KafkaBroker(job.here.connection.bootstrap_servers, compression_type="lz4", linger_ms=5, logger=None)
application = FastStream(broker, logger=None)


async def plain(message: KafkaMessage) -> Any:
    return message.body


if by_batches:

    @broker.subscriber(  # type: ignore[untyped-decorator]
        job.source, group_id=job.group, batch=True, max_records=BATCH, auto_offset_reset="earliest", decoder=plain
    )
    async def on_batch(values: list[bytes], message: KafkaMessage) -> None:
        commands = []
        for raw, value in zip(message.raw_message, values, strict=True):
            commands += job.mapped(value, raw.partition(), raw.offset())
        await asyncio.gather(
            *(
                broker.publish(one.value, job.target, key=one.key, partition=job.partition, no_confirm=True)
                for one in commands
            )
        )
        job.advance(len(values))

else:

    @broker.subscriber(  # type: ignore[untyped-decorator]
        job.source, group_id=job.group, auto_offset_reset="earliest", decoder=plain
    )
    async def on_message(value: bytes, message: KafkaMessage) -> None:
        raw = message.raw_message
        for one in job.mapped(value, raw.partition(), raw.offset()):
            await broker.publish(one.value, job.target, key=one.key, partition=job.partition, no_confirm=True)
        job.advance(1)


async def main() -> None:
    running = asyncio.create_task(application.run())
    await asyncio.get_running_loop().run_in_executor(None, job.all_done.wait)
    job.tell()
    application.exit()
    await running


asyncio.run(main())
