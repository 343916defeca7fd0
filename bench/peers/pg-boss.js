/**
 * pg-boss with LISTEN/NOTIFY and bursts, its documented way to be fast: batches as large as the concurrency, fetched
 * anew at once while they come back full. VARIANT `4` shares the concurrency among four such loops. ANALYZE after a
 * fill, as it gains by it.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { runPeer, untilEmpty } from './program.js'

/** @typedef {import('./program.js').Payload} Payload */
/**
 * What is used of it.
 *
 * @typedef {{
 *   on: (event: string, listener: (error: unknown) => void) => unknown,
 *   start: () => Promise<unknown>,
 *   createQueue: (name: string, options: object) => Promise<unknown>,
 *   send: (name: string, data: Payload) => Promise<unknown>,
 *   insert: (name: string, jobs: { data: Payload }[]) => Promise<unknown>,
 *   work: (name: string, options: object, run: (jobs: { data: Payload }[]) => Promise<void>) => Promise<unknown>,
 *   stop: (options: object) => Promise<void>,
 *   getDb: () => { executeSql: (text: string) => Promise<{ rows: unknown[] }> },
 * }} Boss
 */

const BATCH_MOST = 500

await runPeer(async ({ folder, url, variant }) => {
  const entry = createRequire(join(folder, 'package.json')).resolve('pg-boss')
  const { PgBoss } = /** @type {{ PgBoss: new (options: object) => Boss }} */ (
    await import(pathToFileURL(entry).href)
  )
  const boss = new PgBoss({ connectionString: url, max: 10, useListenNotify: true })
  boss.on('error', (error) => console.error(String(error)))
  await boss.start()
  await boss.createQueue('bench', { notify: true })

  return {
    addOne: (payload) => boss.send('bench', payload),
    addMany: (payloads) =>
      boss.insert(
        'bench',
        payloads.map((data) => ({ data })),
      ),
    filled: () => boss.getDb().executeSql('VACUUM ANALYZE'),
    work: (concurrency, run) => {
      const loops = variant === '4' ? 4 : 1
      const options = {
        batchSize: Math.min(Math.ceil(concurrency / loops), BATCH_MOST),
        localConcurrency: loops,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
        notifyPollingIntervalSeconds: 0.5,
      }
      return boss.work('bench', options, async (jobs) => {
        for (const { data } of jobs) run(data)
      })
    },
    settled: () =>
      untilEmpty(() =>
        boss
          .getDb()
          .executeSql(`SELECT 1 FROM pgboss.job WHERE name = 'bench' AND state < 'completed' LIMIT 1`),
      ),
  }
})
