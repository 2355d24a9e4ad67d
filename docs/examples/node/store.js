import fs from 'node:fs'
import Big from 'big.js'

/** What is known of each change order, by key; in a file that is replaced as a whole. */
export class Store {
  #file

  constructor (file) {
    this.#file = file
    this.orders = new Map(fs.existsSync(file) ? Object.entries(JSON.parse(fs.readFileSync(file, 'utf8'))) : [])
  }

  save () {
    const orders = Object.fromEntries([...this.orders].sort(([one], [other]) => (one < other ? -1 : 1)))
    fs.writeFileSync(`${this.#file}.new`, JSON.stringify(orders, null, 1))
    fs.renameSync(`${this.#file}.new`, this.#file)
  }

  /** How many change orders are there, and what they come to for the client, exactly. */
  total () {
    const living = [...this.orders.values()].filter(order => !order.deleted)
    const total = living.reduce((sum, order) => sum.plus(order.client_price ?? 0), new Big(0))
    return `${living.length} change orders, ${total.toFixed(4)} in all`
  }
}
