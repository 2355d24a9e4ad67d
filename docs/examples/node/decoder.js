import fs from 'node:fs'
import path from 'node:path'
import avro from 'avsc'
import Big from 'big.js'

/** A record names a schema that cannot be had here; the message says what to name. */
export class UnknownSchema extends Error {}

/** Amounts: an integer in two's complement, without the decimal point. As a number of JavaScript it would not be exact. */
class Decimal extends avro.types.LogicalType {
  constructor (schema, options) {
    super(schema, options)
    this.scale = schema.scale
  }

  _fromValue (bytes) {
    const unscaled = bytes.length > 0 ? BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`)) : 0n
    return new Big(`${unscaled}e-${this.scale}`)
  }
}

class Instant extends avro.types.LogicalType {
  _fromValue (milliseconds) {
    return new Date(milliseconds)
  }
}

/**
 * Reads both wire formats: `00` and the schema's id in the registry (four bytes), or `C3 01` and its fingerprint (eight
 * bytes), then Avro. Amounts are `Big`, times are `Date`.
 */
export class Decoder {
  #registry
  #types = new Map()

  /** `registry`: its address. `folder`: `schemas/versions` of the relay. */
  constructor ({ registry, folder }) {
    this.#registry = registry
    const versions = folder ? path.join(folder, 'ChangeOrderObserved') : undefined
    for (const file of versions ? fs.readdirSync(versions) : []) {
      const type = typeOf(fs.readFileSync(path.join(versions, file), 'utf8'))
      this.#types.set(`c301${fingerprint(type)}`, type)
    }
  }

  async decode (data) {
    const size = data[0] === 0 ? 5 : 10
    const head = data.toString('hex', 0, size)
    if (!this.#types.has(head)) {
      this.#types.set(head, await this.#registered(data))
    }
    return this.#types.get(head).decode(data, size).value
  }

  async #registered (data) {
    if (data[0] !== 0) {
      throw new UnknownSchema(
        `No schema is known with the fingerprint ${data.toString('hex', 2, 10)}: name the folder schemas/versions of the ` +
          'release that writes this topic (--schemas).'
      )
    }
    const id = data.readUInt32BE(1)
    if (!this.#registry) {
      throw new UnknownSchema(`The record was written with a schema registry (id ${id}): name its address (--registry).`)
    }
    const answer = await fetch(`${this.#registry}/schemas/ids/${id}`)
    if (!answer.ok) {
      throw new Error(`The schema registry answers ${answer.status} for id ${id}.`)
    }
    return typeOf((await answer.json()).schema)
  }
}

function typeOf (text) {
  return avro.Type.forSchema(JSON.parse(text), { logicalTypes: { decimal: Decimal, 'timestamp-millis': Instant } })
}

/** CRC-64-AVRO over the canonical form, as eight bytes little-endian (Avro specification, "Schema Fingerprints"). */
function fingerprint (type) {
  const empty = 0xc15d213aa4d7a795n
  let crc = empty
  for (const byte of Buffer.from(JSON.stringify(type.schema()))) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1n ? (crc >> 1n) ^ empty : crc >> 1n
    }
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(crc)
  return bytes.toString('hex')
}
