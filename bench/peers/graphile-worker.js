/**
 * graphile-worker: VARIANT `fast` with the batching that its performance page recommends (local queue of 500,
 * completions in batches without delay), else as it is shipped. ANALYZE after a fill doubles it, so it is done.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { runPeer, untilEmpty } from './program.js'

/** @typedef {import('./program.js').Payload} Payload */
/**
 * What is used of it.
 *
 * @typedef {{
 *   migrate: () => Promise<void>,
 *   addJob: (identifier: string, payload: Payload) => Promise<unknown>,
 *   addJobs: (specs: { identifier: string, payload: Payload }[]) => Promise<unknown>,
 * }} Utils
 * @typedef {{
 *   on: (event: string, listener: () => void) => unknown,
 *   query: (text: string) => Promise<{ rows: unknown[] }>,
 * }} Pool
 * @typedef {{
 *   makeWorkerUtils: (options: object) => Promise<Utils>,
 *   run: (options: object) => Promise<unknown>,
 *   Logger: new (factory: () => () => void) => unknown,
 * }} Graphile
 */

const FAST = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }

// Its own switch for a line per job.
process.env['NO_LOG_SUCCESS'] = '1'

await runPeer(async ({ folder, url, variant }) => {
  const load = createRequire(join(folder, 'package.json'))
  const graphile = /** @type {Graphile} */ (load('graphile-worker'))
  const { Pool } = /** @type {{ Pool: new (options: object) => Pool }} */ (load('pg'))
  const logger = new graphile.Logger(() => () => {})
  const pgPool = new Pool({ connectionString: url, max: 10 })
  for (const event of ['error', 'connect']) pgPool.on(event, () => {})
  const utils = await graphile.makeWorkerUtils({ pgPool, logger })
  await utils.migrate()

  return {
    addOne: (payload) => utils.addJob('sample', payload),
    addMany: (payloads) => utils.addJobs(payloads.map((payload) => ({ identifier: 'sample', payload }))),
    filled: () => pgPool.query('VACUUM ANALYZE'),
    work: (concurrentJobs, run) => {
      const worker = { connectionString: url, maxPoolSize: 10, concurrentJobs }
      const preset = { worker: variant === 'fast' ? { ...worker, ...FAST } : worker }
      const sample = async (/** @type {Payload} */ payload) => run(payload)
      return graphile.run({ preset, logger, taskList: { sample }, noHandleSignals: true })
    },
    // Completed jobs are deleted.
    settled: () => untilEmpty(() => pgPool.query('SELECT 1 FROM graphile_worker._private_jobs LIMIT 1')),
  }
})
