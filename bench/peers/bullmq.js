/**
 * BullMQ, on Redis with ioredis or (VARIANT `postgres`) on PostgreSQL, as its guides say: one connection for calls, a
 * worker with its own, completed jobs removed. Its documentation names no faster settings than a high concurrency.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { runPeer } from './program.js'

/** @typedef {import('./program.js').Payload} Payload */
/**
 * What is used of it.
 *
 * @typedef {{
 *   add: (name: string, data: Payload, options: object) => Promise<unknown>,
 *   addBulk: (jobs: { name: string, data: Payload, opts: object }[]) => Promise<unknown>,
 *   waitUntilReady: () => Promise<unknown>,
 * }} Queue
 * @typedef {{
 *   on: (event: string, listener: () => void) => unknown,
 *   waitUntilReady: () => Promise<unknown>,
 * }} Worker
 * @typedef {{
 *   Queue: new (name: string, options: object, backend?: unknown) => Queue,
 *   Worker: new (name: string, run: (job: { data: Payload }) => Promise<void>, options: object, backend?: unknown) => Worker,
 *   createPostgresBackend: unknown,
 * }} Bullmq
 * @typedef {{
 *   connect: () => Promise<void>,
 *   query: (text: string) => Promise<unknown>,
 *   end: () => Promise<void>,
 * }} Client
 */

const OPTIONS = { removeOnComplete: true }

await runPeer(async ({ folder, url, variant }) => {
  const load = createRequire(join(folder, 'package.json'))
  const bullmq = /** @type {Bullmq} */ (load('bullmq'))
  const backend = variant === 'postgres' ? [bullmq.createPostgresBackend] : []
  const connection =
    variant === 'postgres' ? { connectionString: url, max: 10, migrate: true } : connectionTo(url)
  const queue = new bullmq.Queue('bench', { connection }, ...backend)
  await queue.waitUntilReady()
  let completed = 0
  let wanted = Infinity
  let reached = () => {}

  return {
    addOne: (payload) => queue.add('sample', payload, OPTIONS),
    addMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: 'sample', data, opts: OPTIONS }))),
    filled: async () => {
      if (variant !== 'postgres') return
      const { Client } = /** @type {{ Client: new (options: object) => Client }} */ (load('pg'))
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query('VACUUM ANALYZE')
      await client.end()
    },
    work: async (concurrency, run) => {
      const handler = async (/** @type {{ data: Payload }} */ { data }) => run(data)
      const worker = new bullmq.Worker('bench', handler, { connection, concurrency }, ...backend)
      worker.on('error', () => {})
      worker.on('completed', () => {
        if (++completed >= wanted) reached()
      })
      await worker.waitUntilReady()
    },
    settled: (count) =>
      new Promise((resolve) => {
        wanted = count
        reached = () => resolve(null)
        if (completed >= wanted) reached()
      }),
  }
})

/** @param {string} url */
function connectionTo(url) {
  const { hostname, port, password, pathname } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    db: Number(pathname.slice(1)),
    password: decodeURIComponent(password),
    maxRetriesPerRequest: null,
  }
}
