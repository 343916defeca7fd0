/**
 * The peer's own program: plainjob on better-sqlite3, as its README says to use it, in a process of its own. Plain
 * JavaScript, since the Node that its driver was built for may be an old one. `process N`: fills a store, then works it
 * off; `bulk N`: adds 1,000 at a time. Prints tasks per second.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * What is used of it.
 *
 * @typedef {{ addMany: (type: string, data: unknown[]) => unknown, close: () => void }} Queue
 * @typedef {{ start: () => Promise<void>, stop: () => Promise<void> }} Worker
 * @typedef {{
 *   better: (db: unknown) => unknown,
 *   defineQueue: (options: object) => Queue,
 *   defineWorker: (type: string, run: () => Promise<void>, options: object) => Worker,
 * }} Plainjob
 */

const [installed = '', what = '', count = '0'] = process.argv.slice(2)
const load = createRequire(join(installed, 'package.json'))
const Database = /** @type {new (path: string) => unknown} */ (load('better-sqlite3'))
const entry = join(installed, 'node_modules', 'plainjob', 'dist', 'plainjob.js')
const plainjob = /** @type {Plainjob} */ (await import(pathToFileURL(entry).href))

const payload = { path: '/data/input/file.bin', note: 'x'.repeat(160) }
const quiet = { error: console.error, warn: console.error, info: () => {}, debug: () => {} }
const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-peer-'))
const connection = plainjob.better(new Database(join(folder, 'peer.db')))
const queue = plainjob.defineQueue({ connection, logger: quiet })
const tasks = Number(count)

function fill() {
  const batch = Array.from({ length: 1_000 }, () => payload)
  for (let left = tasks; left > 0; left -= 1_000) queue.addMany('sample', batch)
}

/** @returns {Promise<void>} */
function workOff() {
  return new Promise((resolve) => {
    let done = 0
    const onCompleted = () => {
      if (++done < tasks) return
      void worker.stop()
      resolve()
    }
    const worker = plainjob.defineWorker('sample', async () => {}, { queue, logger: quiet, onCompleted })
    void worker.start()
  })
}

if (what === 'process') fill()
const since = performance.now()
if (what === 'process') await workOff()
else fill()
const seconds = (performance.now() - since) / 1_000
queue.close()
rmSync(folder, { recursive: true, force: true })
console.log(String(tasks / seconds))
process.exit(0)
