/**
 * plainjob on better-sqlite3, as its README says to use it: one job at a time, its own durability. URL is a folder.
 * Its driver is native, so this runs on the Node that it was built for, which may be an old one.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { runPeer } from './program.js'

/**
 * What is used of it.
 *
 * @typedef {{
 *   add: (type: string, data: unknown) => unknown,
 *   addMany: (type: string, data: unknown[]) => unknown,
 * }} Queue
 * @typedef {{ start: () => Promise<void>, stop: () => Promise<void> }} Worker
 * @typedef {{
 *   better: (db: unknown) => unknown,
 *   defineQueue: (options: object) => Queue,
 *   defineWorker: (type: string, run: (job: { data: string }) => Promise<void>, options: object) => Worker,
 * }} Plainjob
 */

await runPeer(async ({ folder, url }) => {
  const load = createRequire(join(folder, 'package.json'))
  const Database = /** @type {new (path: string) => unknown} */ (load('better-sqlite3'))
  const entry = join(folder, 'node_modules', 'plainjob', 'dist', 'plainjob.js')
  const plainjob = /** @type {Plainjob} */ (await import(pathToFileURL(entry).href))

  const logger = { error: console.error, warn: console.error, info: () => {}, debug: () => {} }
  const connection = plainjob.better(new Database(join(url, 'peer.db')))
  const queue = plainjob.defineQueue({ connection, logger })
  let completed = 0
  let wanted = Infinity
  let reached = () => {}

  return {
    addOne: async (payload) => queue.add('sample', payload),
    addMany: (payloads) => void queue.addMany('sample', payloads),
    work: async (_concurrency, run) => {
      const onCompleted = () => {
        if (++completed >= wanted) reached()
      }
      const handler = async (/** @type {{ data: string }} */ { data }) =>
        run(/** @type {import('./program.js').Payload} */ (JSON.parse(data)))
      const worker = plainjob.defineWorker('sample', handler, { queue, logger, onCompleted })
      void worker.start()
    },
    settled: (count) =>
      new Promise((resolve) => {
        wanted = count
        reached = () => resolve(null)
        if (completed >= wanted) reached()
      }),
  }
})
