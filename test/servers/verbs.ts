// The hot verbs, each with what must stand before it, what a first and a repeated call may answer, and how to see in the
// store that it was done. One repeat with the same ids has to tell the truth, whatever became of the first call.

import assert from 'node:assert/strict'

import type { Engine } from '../../src/core/engine.ts'
import { heldHash } from '../../src/core/held.ts'
import type { NewTask, Settlement, SweepRequest } from '../../src/core/hot-verbs.ts'
import { mintToken } from '../../src/core/ids.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'

/** One call that may be repeated. */
export interface Attempt {
  call(engine: Engine): Promise<unknown>
  /** Did the store do it? */
  done(store: Engine): Promise<boolean>
  /** Throws where this is no answer that the contract allows to a call that is made once more. */
  check(answer: unknown): void
  /** After the right answer: once, and not twice. */
  judge(store: Engine): Promise<void>
}

type Verb = 'enqueue' | 'startSession' | 'claim' | 'settle' | 'report' | 'heartbeat' | 'endSession' | 'sweep'

/** For each verb: prepares the store and answers the attempt. */
export const VERBS: Readonly<Record<Verb, (store: Engine) => Promise<Attempt>>> = {
  async enqueue() {
    const tasks = [newTask(), newTask()]
    return {
      call: (engine) => engine.enqueue(tasks),
      done: async (store) => (await store.records.get(idsOf(tasks))).some((task) => task !== null),
      check: (answer) => {
        for (const { outcome } of answer as { outcome: string }[])
          assert.match(outcome, /^(created|existing)$/)
      },
      judge: async (store) => {
        assert.deepEqual(
          (await store.records.get(idsOf(tasks))).map((task) => task?.state),
          ['ready', 'ready'],
        )
      },
    }
  },

  async startSession() {
    const session = newSession()
    const live = async (store: Engine): Promise<boolean> =>
      (await store.records.sessions({ state: 'live', host: null })).some(({ id }) => id === session.id)
    return {
      call: (engine) => engine.startSession([session]),
      done: live,
      check: (answer) => assert.match(String(answer), /^(started|exists)$/),
      judge: async (store) => assert.ok(await live(store)),
    }
  },

  async claim(store) {
    const { session } = await running(store)
    const tasks = [newTask(), newTask(), newTask()]
    await store.enqueue(tasks)
    const request = { session, claimId: mintToken(), queues: null, limit: 2 }
    const taken = async (engine: Engine) =>
      (await engine.records.get(idsOf(tasks))).filter((task) => task?.claim === `${request.claimId}.1`)
    return {
      call: (engine) => engine.claim([request]),
      done: async (engine) => (await taken(engine)).length > 0,
      check: (answer) => {
        const [reply] = answer as Awaited<ReturnType<Engine['claim']>>
        assert.deepEqual(
          reply?.tasks.map(({ id, attempt }) => [id, attempt]),
          idsOf(tasks.slice(0, 2)).map((id) => [id, 1]),
        )
      },
      judge: async (engine) => assert.equal((await taken(engine)).length, 2),
    }
  },

  async settle(store) {
    const { claimed } = await running(store)
    const settlement: Settlement = {
      ...claimed,
      guard: 'claim',
      outcome: outcomes.succeed('{"n":7}'),
      followUps: [newTask()],
      logs: [],
    }
    const ids = [claimed.id, ...idsOf(settlement.followUps)]
    return {
      call: (engine) => engine.settle([settlement]),
      done: async (engine) => (await engine.records.get(ids))[0]?.state === 'succeeded',
      check: (answer) => {
        const [reply] = answer as Awaited<ReturnType<Engine['settle']>>
        assert.match(reply?.status ?? '', /^(applied|already)$/)
      },
      judge: async (engine) => {
        const [task, followUp] = await engine.records.get(ids)
        assert.deepEqual([task?.state, task?.result, followUp?.state], ['succeeded', '{"n":7}', 'ready'])
      },
    }
  },

  async report(store) {
    const { claimed } = await running(store)
    const progress = { percent: 40, message: 'so far', at: await store.now() }
    const told = async (engine: Engine): Promise<boolean> =>
      (await engine.records.get([claimed.id]))[0]?.progress?.percent === 40
    return {
      call: (engine) => engine.report([{ ...claimed, progress, logs: [] }]),
      done: told,
      check: (answer) => assert.deepEqual(answer, [{ status: 'ok' }]),
      judge: async (engine) => assert.ok(await told(engine)),
    }
  },

  async heartbeat(store) {
    const { session, claimed } = await running(store)
    const held = { count: 1, hash: heldHash([claimed]), list: null }
    const beat = { session, renew: true, held, unclaimedAfter: 60_000, draining: false }
    return {
      call: (engine) => engine.heartbeat([beat]),
      // It may be renewed without anybody seeing a difference.
      done: () => Promise.resolve(false),
      check: (answer) => {
        const [reply] = answer as Awaited<ReturnType<Engine['heartbeat']>>
        assert.deepEqual([reply?.status, reply?.mismatch], ['live', false])
      },
      judge: async (engine) => {
        const live = await engine.records.sessions({ state: 'live', host: null })
        assert.ok(live.some(({ id }) => id === session))
      },
    }
  },

  async endSession(store) {
    const { session } = await running(store)
    const dead = async (engine: Engine): Promise<boolean> =>
      (await engine.records.sessions({ state: 'dead', host: null })).some(({ id }) => id === session)
    return {
      call: (engine) => engine.endSession([{ session, cause: 'killed', culprits: null }]),
      done: dead,
      check: (answer) => assert.match(String(answer), /^(ended|already)$/),
      judge: async (engine) => assert.ok(await dead(engine)),
    }
  },

  async sweep(store) {
    const { session, claimed } = await running(store)
    await store.endSession([{ session, cause: 'killed', culprits: null }])
    const request: SweepRequest = {
      session: null,
      every: 0,
      declare: false,
      extend: false,
      grace: 1_000,
      limit: 100,
      cursor: null,
      keepCount: 1_000,
      keepBytes: null,
    }
    return {
      call: (engine) => engine.sweep(request),
      done: () => Promise.resolve(false),
      check: (answer) => {
        const { turn, orphans } = answer as Awaited<ReturnType<Engine['sweep']>>
        assert.deepEqual([turn, orphans.map(({ task }) => task.id)], [true, [claimed.id]])
      },
      judge: async (engine) => {
        assert.equal((await engine.records.get([claimed.id]))[0]?.state, 'running')
      },
    }
  },
}

/** A live session that runs one task. */
async function running(store: Engine) {
  const session = newSession()
  await store.startSession([session])
  const queue = `held-${session.id}`
  const task = newTask({ queue })
  await store.enqueue([task])
  const claimId = mintToken()
  await store.claim([{ session: session.id, claimId, queues: [queue], limit: 1 }])
  return { session: session.id, claimed: { id: task.id, claim: `${claimId}.1` } }
}

function idsOf(tasks: readonly NewTask[]): string[] {
  return tasks.map(({ id }) => id)
}
