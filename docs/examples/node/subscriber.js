/*
 * Follows change orders, or takes their current state. A service of your own can begin like this.
 *
 *   npm ci
 *   node subscriber.js changes --kafka localhost:9092 --registry http://localhost:8081 --store changes.json
 *   node subscriber.js current --kafka localhost:9092 --schemas schemas/versions --store current.json
 *
 * `changes` reads every event from the beginning (the backfill) and goes on with what comes. `current` reads the newest
 * event of each change order, drops what did not come, and goes on, too. Both keep what they know in a JSON file, where a
 * service would have its database; `--once` ends them when everything that was there at their start is read. What the
 * topics promise stands in `docs/contract/index.html`.
 */

import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  FetchIsolationLevels,
  ListOffsetTimestamps,
  MessagesStreamFallbackModes,
  MessagesStreamModes
} from '@platformatic/kafka'
import { CommittedConsumer } from './committed-consumer.js'
import { Decoder, UnknownSchema } from './decoder.js'
import { Store } from './store.js'

const OBSERVED = 'change-orders.observed.v1'
const CURRENT = 'change-orders.current.v1'
const MOST = 500 // Records of one batch.

/** What this service wants to know of a change order. An amount is text in JSON: a number would not be exact. */
function entry (event) {
  const order = event.change_order
  return {
    sequence: event.sequence,
    deleted: event.change === 'deleted',
    status: order.status,
    title: order.title,
    client_price: order.client_price?.toFixed(4) ?? null
  }
}

/**
 * Takes one event over. What comes twice, or late, changes nothing: the store knows a sequence at least as high. A
 * deleted change order keeps its entry, so that an older event that is read again does not bring it back.
 */
async function changed (store, decoder, message) {
  const key = message.key.toString()
  const event = await decoder.decode(message.value)
  if (store.orders.get(key)?.sequence >= event.sequence) {
    return `${key} ${event.sequence} seen before`
  }
  const found = entry(event)
  store.orders.set(key, found)
  return `${key} ${found.sequence} ${event.change}: ${found.title}, ${found.client_price}`
}

/** Takes over how a change order stands now. A record without a value (a tombstone): it was deleted. */
async function now (store, decoder, message) {
  const key = message.key.toString()
  if (!message.value) {
    store.orders.delete(key)
    return `${key} deleted`
  }
  const found = entry(await decoder.decode(message.value))
  store.orders.set(key, found)
  return `${key} ${found.sequence} ${found.status}: ${found.title}, ${found.client_price}`
}

/** What comes, as arrays; an empty one where nothing does. `ends`: up to these offsets, by partition. */
async function * batches (stream, topic, ends) {
  let wake
  let failure
  stream.on('readable', () => wake?.())
  stream.on('error', error => { failure = error })
  while (!failure) {
    const batch = []
    for (let message; batch.length < MOST && (message = stream.read()) !== null;) {
      batch.push(message)
    }
    yield batch
    if (ends && stream.readableLength === 0 && reached(stream, topic, ends)) {
      return
    }
    if (batch.length === 0) {
      await Promise.race([new Promise(resolve => { wake = resolve }), setTimeout(200)])
    }
  }
  throw failure
}

function reached (stream, topic, ends) {
  const positions = [...ends.keys()].map(partition => stream.offsetsToFetch.get(`${topic}:${partition}`))
  const own = positions.filter(position => position !== undefined) // Others of the group have the rest.
  return own.length > 0 && positions.every((position, partition) => position === undefined || position >= ends[partition])
}

/** Every event, from the beginning where the group is new. Saved before it is committed: a crash reads it twice. */
async function followChanges (stream, topic, ends, store, decoder) {
  for await (const batch of batches(stream, topic, ends)) {
    const newest = new Map()
    for (const message of batch) {
      console.log(await changed(store, decoder, message))
      newest.set(message.partition, message)
    }
    if (batch.length > 0) {
      store.save()
      await Promise.all([...newest.values()].map(message => message.commit()))
    }
  }
}

/**
 * The newest event of each change order, always from the beginning. A key that is stored and did not come was deleted so
 * long ago that its tombstone is gone, too.
 */
async function takeCurrent (stream, topic, ends, store, decoder, once) {
  const came = new Set()
  for await (const batch of batches(stream, topic, ends)) {
    for (const message of batch) {
      console.log(await now(store, decoder, message))
      came.add(message.key.toString())
    }
  }
  for (const key of [...store.orders.keys()].filter(one => !came.has(one)).sort()) {
    store.orders.delete(key)
    console.log(`${key} gone`)
  }
  store.save()
  for await (const batch of once ? [] : batches(stream, topic)) {
    for (const message of batch) {
      console.log(await now(store, decoder, message))
    }
    if (batch.length > 0) {
      store.save()
    }
  }
}

async function main () {
  const { values: given, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kafka: { type: 'string' },
      registry: { type: 'string' },
      schemas: { type: 'string' },
      prefix: { type: 'string', default: '' },
      group: { type: 'string', default: 'my-service' },
      store: { type: 'string' },
      once: { type: 'boolean', default: false }
    }
  })
  const [what] = positionals
  if (!['changes', 'current'].includes(what) || !given.kafka || !given.store) {
    console.error(
      'changes|current --kafka HOST:PORT --store FILE [--registry URL] [--schemas FOLDER] [--prefix PREFIX] ' +
        '[--group GROUP] [--once]'
    )
    process.exit(2)
  }
  const store = new Store(given.store)
  const decoder = new Decoder({ registry: given.registry, folder: given.schemas })
  const topic = given.prefix + (what === 'changes' ? OBSERVED : CURRENT)
  const consumer = new CommittedConsumer({
    clientId: 'subscriber',
    // All of `current` is read by each instance: a group of its own, in which nothing is committed.
    groupId: what === 'changes' ? given.group : randomUUID(),
    bootstrapBrokers: given.kafka.split(','),
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    autocommit: false,
    maxWaitTime: 1000
  })
  const ends = await endsOf(consumer, topic)
  const stream = await consumer.consume({
    topics: [topic],
    mode: what === 'changes' ? MessagesStreamModes.COMMITTED : MessagesStreamModes.EARLIEST,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST
  })
  if (what === 'changes') {
    await followChanges(stream, topic, given.once ? ends : undefined, store, decoder)
  } else {
    await takeCurrent(stream, topic, ends, store, decoder, given.once)
  }
  await consumer.close(true)
  console.log(store.total())
}

/** The offsets behind the last committed records, by partition. */
async function endsOf (consumer, topic) {
  const isolationLevel = FetchIsolationLevels.READ_COMMITTED
  const found = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST, isolationLevel })
  return found.get(topic)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof UnknownSchema ? error.message : error)
  process.exit(1)
}
