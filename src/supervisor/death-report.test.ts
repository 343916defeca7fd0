/** Death reports against the memory engine: what ran is given back at once, by the rules, and once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Settlement } from '../core/hot-verbs.ts'
import { mintToken } from '../core/ids.ts'
import { openMemory, type MemoryEngine } from '../engines/memory/engine.ts'
import { newSession, newTask } from '../testing/samples.ts'
import { reportDeath, type DeathRegister } from './death-report.ts'

/** An engine with a session that runs `count` tasks. */
async function running(count: number): Promise<{ engine: MemoryEngine; session: string; ids: string[] }> {
  const engine = openMemory()
  await engine.migrate()
  const session = newSession()
  await engine.startSession([session])
  const tasks = Array.from({ length: count }, () => newTask())
  await engine.enqueue(tasks)
  await engine.claim([{ session: session.id, claimId: mintToken(), queues: null, limit: count }])
  return { engine, session: session.id, ids: tasks.map(({ id }) => id) }
}

test('a killed session: its tasks are charged a crash and are due at once; telling it twice changes nothing', async () => {
  const { engine, session, ids } = await running(450)
  const end = { session, cause: 'killed', culprits: null } as const
  assert.deepEqual(await reportDeath(end, { engine }), { news: true, rescued: 450 })
  const tasks = await engine.records.get(ids)
  // A sweep promotes what is due, so the first pages may be ready already.
  assert.ok(tasks.every((task) => task?.state === 'scheduled' || task?.state === 'ready'))
  assert.ok(tasks.every((task) => task?.crashes === 1 && task.failures === 0))
  assert.ok(tasks.every((task) => (task?.runAt ?? Infinity) <= Date.now()))
  assert.deepEqual(await reportDeath(end, { engine }), { news: false, rescued: 0 })
  await engine.close()
})

test('a session that we ended ourselves: its tasks are handed back without a charge', async () => {
  const { engine, session, ids } = await running(2)
  await reportDeath({ session, cause: 'stopped', culprits: null }, { engine })
  const tasks = await engine.records.get(ids)
  assert.deepEqual(
    tasks.map((task) => [task?.state, task?.crashes]),
    [
      ['ready', 0],
      ['ready', 0],
    ],
  )
  await engine.close()
})

test('a task that cannot be settled now holds up nobody else', async () => {
  const { engine, session, ids } = await running(3)
  const register: DeathRegister = {
    endSession: (ends) => engine.endSession(ends),
    sweep: (request) => engine.sweep(request),
    settle: (settlements: readonly Settlement[]) =>
      settlements.some(({ id }) => id === ids[1])
        ? Promise.reject(new Error('this row is locked'))
        : engine.settle(settlements),
    documents: engine.documents,
  }
  const heard: string[] = []
  const onRescued = ({ id }: { id: string }, { kind }: { kind: string }): void =>
    void heard.push(`${id} ${kind}`)
  const told = await reportDeath(
    { session, cause: 'killed', culprits: null },
    { engine: register, onRescued },
  )
  assert.deepEqual(told, { news: true, rescued: 2 })
  assert.deepEqual(heard.toSorted(), [`${ids[0]} crash`, `${ids[2]} crash`].toSorted())
  const tasks = await engine.records.get(ids)
  assert.deepEqual(
    tasks.map((task) => task?.state),
    ['scheduled', 'running', 'scheduled'],
  )
  await engine.close()
})

test('a store out of reach: told again and again until the time is up', async () => {
  const errors: unknown[] = []
  let calls = 0
  const away: DeathRegister = {
    endSession: () => Promise.reject(new Error(`away ${++calls}`)),
    sweep: () => Promise.reject(new Error('away')),
    settle: () => Promise.reject(new Error('away')),
    documents: { put: () => Promise.reject(new Error('away')) },
  }
  const end = { session: 's', cause: 'killed', culprits: null } as const
  const options = { engine: away, patience: 500, onError: (error: unknown) => errors.push(error) }
  assert.equal(await reportDeath(end, options), null)
  assert.ok(calls >= 2)
  assert.equal(errors.length, 1)
})
