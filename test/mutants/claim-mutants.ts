// Planted bugs around enqueue and claim: identity, unique keys, order, due times, limits, repeats.

import { openMemory } from '../../src/engines/memory/engine.ts'
import type { Row } from '../../src/engines/memory/row.ts'
import { mintToken } from '../../src/core/ids.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { Opened } from '../simulation/cluster.ts'
import { wrongEngine, type Mutant } from './mutant.ts'

const waiting = ({ store }: Opened): Row[] =>
  [...store.tasks.values()].filter(({ task }) => task.state === 'ready' || task.state === 'scheduled')

const enqueues: readonly Mutant[] = [
  wrongEngine('the same id with other content is called existing', ['conformance', 'model'], ({ engine }) =>
    over(engine, {
      async enqueue(tasks, options) {
        const replies = await engine.enqueue(tasks, options)
        return replies.map((reply) =>
          reply.outcome === 'conflict' && reply.state !== null
            ? { outcome: 'existing', id: reply.id, state: reply.state }
            : reply,
        )
      },
    }),
  ),
  wrongEngine(
    'enqueue looks for the key and inserts in two steps',
    ['conformance', 'simulation'],
    ({ engine, store, pause }) =>
      over(engine, {
        async enqueue(tasks, options) {
          const free = tasks.flatMap(({ unique }) =>
            unique !== null && !store.uniques.has(unique.key) ? [unique.key] : [],
          )
          if (free.length > 0) await pause(30)
          for (const key of free) store.uniques.delete(key)
          return engine.enqueue(tasks, options)
        },
      }),
  ),
  wrongEngine('keys and names are compared without case and spaces', ['conformance', 'model'], ({ engine }) =>
    over(engine, {
      enqueue: (tasks, options) =>
        engine.enqueue(
          tasks.map((task) => ({ ...task, queue: task.queue.trim().toLowerCase() })),
          options,
        ),
    }),
  ),
  wrongEngine('payloads are read and written again', ['conformance', 'model', 'simulation'], ({ engine }) =>
    over(engine, {
      enqueue: (tasks, options) =>
        engine.enqueue(
          tasks.map((task) => ({ ...task, payload: JSON.stringify(JSON.parse(task.payload)) })),
          options,
        ),
    }),
  ),
  wrongEngine(
    'the last one in is the first one out',
    ['conformance', 'model', 'simulation'],
    ({ engine, store }) => {
      let place = 0
      store.drawPlace = () => --place
      return engine
    },
  ),
]

const claims: readonly Mutant[] = [
  wrongEngine('claim takes one more than asked', ['conformance', 'model', 'simulation'], ({ engine }) =>
    over(engine, {
      claim: (requests) => engine.claim(requests.map((one) => ({ ...one, limit: one.limit + 1 }))),
    }),
  ),
  wrongEngine('a repeated claim takes new tasks', ['conformance', 'model', 'simulation'], ({ engine }) => {
    const seen = new Set<string>()
    return over(engine, {
      claim: (requests) =>
        engine.claim(
          requests.map((one) => {
            if (seen.has(one.claimId)) return { ...one, claimId: mintToken() }
            seen.add(one.claimId)
            return one
          }),
        ),
    })
  }),
  wrongEngine(
    'a claim takes tasks out for good',
    ['conformance', 'model', 'simulation'],
    ({ engine, store }) =>
      over(engine, {
        async claim(requests) {
          const replies = await engine.claim(requests)
          // Whoever hears of them has them; nobody else ever will.
          for (const { session } of requests) store.running.delete(session)
          return replies
        },
      }),
  ),
  wrongEngine('a claim reads the clock too early', ['conformance', 'model'], ({ engine, store, now }) => {
    const behind = openMemory({ now: () => now() - 900 }, store)
    return over(engine, { claim: (requests) => behind.claim(requests) })
  }),
  wrongEngine(
    'claim takes from paused queues',
    ['conformance', 'model', 'simulation'],
    ({ engine, store }) => {
      store.isPaused = () => false
      return engine
    },
  ),
  wrongEngine(
    'claim gives tasks to the dead',
    ['conformance', 'model', 'simulation'],
    ({ engine, store }) => {
      store.isLive = (session) => store.sessions.has(session)
      return engine
    },
  ),
  wrongEngine('claim does not look at due times', ['conformance', 'model', 'simulation'], (opened) =>
    over(opened.engine, {
      claim: (requests) => {
        for (const row of waiting(opened)) if (row.task.state === 'scheduled') opened.store.promote(row)
        return opened.engine.claim(requests)
      },
    }),
  ),
  wrongEngine('claim starts what has expired', ['conformance', 'model', 'simulation'], (opened) =>
    over(opened.engine, {
      claim: (requests) => {
        const late = waiting(opened).filter(({ task }) => (task.expiresAt ?? Infinity) <= opened.now())
        for (const row of late) opened.store.change(row, { expiresAt: null })
        return opened.engine.claim(requests)
      },
    }),
  ),
  wrongEngine('the lower priority comes first', ['conformance', 'model', 'simulation'], (opened) =>
    over(opened.engine, {
      async claim(requests) {
        const rows = waiting(opened)
        const turn = (): void => {
          for (const row of rows) opened.store.change(row, { priority: 10 - row.task.priority })
        }
        turn()
        const replies = opened.engine.claim(requests)
        turn()
        return (await replies).map((reply) => ({
          ...reply,
          tasks: reply.tasks.map((task) => ({ ...task, priority: 10 - task.priority })),
        }))
      },
    }),
  ),
  wrongEngine(
    'a key is freed when its task starts',
    ['conformance', 'model', 'simulation'],
    ({ engine, store }) =>
      over(engine, {
        async claim(requests) {
          const replies = await engine.claim(requests)
          for (const { tasks } of replies)
            for (const { uniqueKey } of tasks) store.uniques.delete(uniqueKey ?? '')
          return replies
        },
      }),
  ),
]

/** All of this file. */
export const CLAIM_MUTANTS: readonly Mutant[] = [...enqueues, ...claims]
