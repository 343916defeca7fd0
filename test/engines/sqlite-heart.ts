// A thread that renews the lease of a session again and again on a connection of its own; see sqlite-processes.test.ts.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

import { openEngine } from '../../src/engines/open.ts'

const { url, session } = workerData as { url: string; session: string }
const engine = await openEngine(url, { role: 'heart' })
const beat = {
  session,
  renew: true,
  held: { count: 0, hash: 0, list: null },
  unclaimedAfter: 0,
  draining: false,
}
await engine.heartbeat([beat])
const order = { stop: false }
if (parentPort !== null) {
  void once(parentPort, 'message').then(() => {
    order.stop = true
  })
  parentPort.postMessage('ready')
}
while (!order.stop) {
  await engine.heartbeat([beat])
  await sleep(20)
}
await engine.close()
