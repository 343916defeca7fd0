// Redis is killed and comes back. Every write is on disk before it is acknowledged here: with `everysec` a kill while an
// older write is still being synced may take back the last moments, which is what its durability class says.

import { setTimeout as sleep } from 'node:timers/promises'

import { createClient } from '@redis/client'

import { runRestartCases } from './restart-cases.ts'
import { runWorkerProcessCases } from './worker-process-cases.ts'

const own = { kind: 'redis', settings: { appendfsync: 'always' } } as const

/**
 * Has the append-only file written anew. A kill may cut it inside of a transaction; the server that loads it leaves the
 * whole commands of that transaction in the file, without an end, and the start after that would apply them.
 */
async function rewriteFile(url: string): Promise<void> {
  const client = createClient({ url })
  await client.connect()
  try {
    await client.sendCommand(['BGREWRITEAOF'])
    while (/aof_rewrite_(?:in_progress|scheduled):1/.test(await client.info('persistence'))) await sleep(20)
  } finally {
    client.destroy()
  }
}

runRestartCases({ ...own, locksRows: false, restarted: rewriteFile })
runWorkerProcessCases(own)
