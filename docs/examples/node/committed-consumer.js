import { Consumer } from '@platformatic/kafka'

// The client is made for Node 22.22 and newer. On Node 20 this is all that it lacks for reading, but for Zstandard.
Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new Promise((...settle) => { [resolve, reject] = settle })
  return { promise, resolve, reject }
}

const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5

/**
 * A consumer that reads committed records only.
 *
 * @platformatic/kafka 2.12.1 asks the broker for them, but of several aborted transactions of one writer in one answer it
 * leaves out the last one only, and none whose end is in a later answer. What the broker says of aborted transactions is
 * applied here as Kafka's own client does (Apache Kafka, KIP-98, "Reading Transactional Messages").
 */
export class CommittedConsumer extends Consumer {
  fetch (options, callback) {
    return super.fetch(options, (error, response) => {
      for (const topic of response?.responses ?? []) {
        topic.partitions.forEach(hideAborted)
      }
      callback(error, response)
    })
  }
}

/** Marks batches of aborted transactions as the control batches that no one is handed, so that offsets go on behind them. */
function hideAborted (partition) {
  const begun = [...(partition.abortedTransactions ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const aborted = new Set()
  for (const batch of partition.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (begun.length > 0 && begun[0].firstOffset <= last) {
      aborted.add(begun.shift().producerId)
    }
    if (batch.attributes & CONTROL) {
      aborted.delete(batch.producerId)
    } else if (batch.attributes & TRANSACTIONAL && aborted.has(batch.producerId)) {
      batch.attributes |= CONTROL
    }
  }
}
