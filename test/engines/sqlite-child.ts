// A process of its own on a SQLite store, told what to do by its first argument; used by sqlite-processes.test.ts.
//   hold    takes the write lock by hand, says so, and keeps it for a while
//   work    enqueues, claims and settles one task after the other, and answers when told to stop
//   enqueue says each id that was acknowledged, until it is killed
//   once    enqueues one task when told to
//   watch   watches, and then does nothing more

import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import { mintToken } from '../../src/core/ids.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'

const [mode = '', url = '', argument = ''] = process.argv.slice(2)

/** Says something to the process that started this one, and waits until it is on its way. */
function say(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error: Error | null) =>
      error === null ? resolve() : reject(error),
    )
  })
}

/** Resolves at the next message. */
function told(): Promise<unknown> {
  return new Promise((resolve) => process.once('message', resolve))
}

async function hold(): Promise<void> {
  const db = new DatabaseSync(url)
  db.exec('BEGIN EXCLUSIVE')
  await say({ held: true })
  await sleep(Number(argument))
  db.exec('ROLLBACK')
  db.close()
}

async function work(): Promise<void> {
  const engine = await openEngine(url)
  const session = newSession()
  await engine.startSession([session])
  const order = { stop: false }
  let rounds = 0
  let longest = 0
  const lost: string[] = []
  await say({ ready: true })
  await told()
  void told().then(() => {
    order.stop = true
  })
  // Each worker has a queue of its own, so that they meet at the lock and nowhere else.
  for (; !order.stop; rounds++) {
    const since = performance.now()
    await engine.enqueue([newTask({ queue: session.id, minted: true })])
    const request = { session: session.id, claimId: mintToken(), queues: [session.id], limit: 1 }
    const [reply] = await engine.claim([request])
    for (const task of reply?.tasks ?? []) {
      const ending = { id: task.id, claim: task.claim ?? '', outcome: outcomes.succeed('null') }
      const [settled] = await engine.settle([{ ...ending, guard: 'claim', followUps: [], logs: [] }])
      if (settled?.status !== 'applied') lost.push(task.id)
    }
    longest = Math.max(longest, performance.now() - since)
  }
  await engine.close()
  await say({ rounds, longest, lost })
}

async function enqueueUntilKilled(): Promise<void> {
  const engine = await openEngine(url)
  await say({ ready: true })
  for (;;) {
    const tasks = Array.from({ length: 1 + Math.floor(Math.random() * 20) }, () => newTask({ minted: true }))
    await engine.enqueue(tasks)
    await say({ acked: tasks.map((task) => task.id) })
  }
}

async function enqueueWhenTold(): Promise<void> {
  const engine = await openEngine(url)
  await say({ ready: true })
  await told()
  await engine.enqueue([newTask({ queue: 'mail', minted: true })])
  await say({ done: true })
  await engine.close()
}

/** Leaves everything open: only what keeps a process alive keeps this one. */
async function watch(): Promise<void> {
  const engine = await openEngine(url)
  engine.watch(() => {})
}

const modes: Readonly<Record<string, () => Promise<void>>> = {
  hold,
  work,
  enqueue: enqueueUntilKilled,
  once: enqueueWhenTold,
  watch,
}
await modes[mode]?.()
if (process.connected) process.disconnect()
