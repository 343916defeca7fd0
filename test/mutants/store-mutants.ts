// Planted bugs around sessions, sweep, operator, schedules and what is told about the store.

import type { Engine } from '../../src/core/engine.ts'
import type { BeatReply } from '../../src/core/hot-verbs.ts'
import type { ActionReply } from '../../src/core/cold-verbs.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import type { Row } from '../../src/engines/memory/row.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { Opened } from '../simulation/cluster.ts'
import { wrongEngine, type Mutant } from './mutant.ts'

const beating = ({ engine }: Opened, edit: (reply: BeatReply) => BeatReply): Engine =>
  over(engine, { heartbeat: async (beats) => (await engine.heartbeat(beats)).map(edit) })

/** Does something to the row after an action. */
const acting = (
  { engine, store }: Opened,
  then: (reply: ActionReply, verb: string, row: Row | undefined, id: string) => void,
): Engine =>
  over(engine, {
    records: over(engine.records, {
      async act(actions) {
        const replies = await engine.records.act(actions)
        for (const [i, { id, verb }] of actions.entries())
          then(replies[i] as ActionReply, verb, store.tasks.get(id), id)
        return replies
      },
    }),
  })

const sessions: readonly Mutant[] = [
  wrongEngine('a heartbeat revives the dead', ['conformance', 'model', 'simulation'], ({ engine, store }) =>
    over(engine, {
      heartbeat: (beats) => {
        for (const { session: id } of beats) {
          const session = store.sessions.get(id)
          if (session !== undefined) store.sessions.set(id, { ...session, state: 'live', endedAt: null })
        }
        return engine.heartbeat(beats)
      },
    }),
  ),
  wrongEngine('a heartbeat is silent about what is lost', ['conformance', 'model'], (opened) =>
    beating(opened, (reply) => ({ ...reply, lost: [] })),
  ),
  wrongEngine(
    'a heartbeat is silent about what nobody holds',
    ['conformance', 'model', 'simulation'],
    (opened) => beating(opened, (reply) => ({ ...reply, unclaimed: [] })),
  ),
  wrongEngine(
    'the lease is counted by the clock of the worker',
    ['conformance', 'model'],
    ({ engine, store, now }) => {
      const ahead = openMemory({ now: () => now() + 700 }, store)
      return over(engine, {
        startSession: (list) => ahead.startSession(list),
        heartbeat: (beats) => ahead.heartbeat(beats),
      })
    },
  ),
]

const sweeps: readonly Mutant[] = [
  wrongEngine('sweep declares death, asked or not', ['conformance', 'model'], ({ engine }) =>
    over(engine, { sweep: (request) => engine.sweep({ ...request, declare: true }) }),
  ),
  wrongEngine(
    'sweep declares death before the lease is over',
    ['conformance', 'model'],
    ({ engine, store, now }) => {
      const ahead = openMemory({ now: () => now() + 500 }, store)
      return over(engine, {
        async sweep(request) {
          const early = await ahead.sweep({ ...request, limit: 0 })
          return early.turn ? engine.sweep({ ...request, every: -Infinity }) : early
        },
      })
    },
  ),
  wrongEngine('a jump of the clock extends no lease', ['conformance', 'model'], ({ engine }) =>
    over(engine, { sweep: (request) => engine.sweep({ ...request, extend: false }) }),
  ),
  wrongEngine('sweep forgets what does not fit a page', ['conformance', 'model'], ({ engine }) =>
    over(engine, { sweep: async (request) => ({ ...(await engine.sweep(request)), cursor: null }) }),
  ),
]

const operator: readonly Mutant[] = [
  wrongEngine('requeue counts attempts anew', ['conformance', 'model', 'simulation'], (opened) =>
    acting(opened, ({ outcome }, verb, row) => {
      if (verb === 'requeue' && outcome === 'done' && row !== undefined)
        opened.store.change(row, { attempt: 0 })
    }),
  ),
  wrongEngine('requeue forgets the attempts before', ['conformance', 'model'], (opened) =>
    acting(opened, ({ outcome }, verb, row) => {
      if (verb === 'requeue' && outcome === 'done' && row !== undefined) row.past = []
    }),
  ),
  wrongEngine(
    'the wish to cancel a running task is not kept',
    ['conformance', 'model', 'simulation'],
    (opened) =>
      acting(opened, ({ outcome }, _verb, row) => {
        if (outcome === 'requested' && row !== undefined)
          opened.store.annotate(row, { cancelRequestedAt: null })
      }),
  ),
  wrongEngine('the id of a deleted task is free at once', ['conformance', 'model', 'simulation'], (opened) =>
    acting(opened, ({ outcome }, verb, _row, id) => {
      if (verb === 'delete' && outcome === 'done') opened.store.tombstones.delete(id)
    }),
  ),
]

const told: readonly Mutant[] = [
  wrongEngine(
    'a tick fires without a look at its due time',
    ['conformance', 'model', 'simulation'],
    ({ engine }) =>
      over(engine, {
        schedules: over(engine.schedules, {
          async fire(items) {
            const replies = await engine.schedules.fire(items)
            const [first] = items
            if (first === undefined || replies[0]?.status === 'fired') return replies
            return [{ status: 'fired', tasks: await engine.enqueue(first.tasks) }, ...replies.slice(1)]
          },
        }),
      }),
  ),
  wrongEngine('statistics drift with each cancel', ['conformance', 'model', 'simulation'], (opened) => {
    let drift = 0
    const wrong = acting(opened, ({ outcome }, verb) => {
      if (verb === 'cancel' && outcome === 'done') drift++
    })
    const { records } = wrong
    return over(wrong, {
      records: over(records, {
        async stats(queues) {
          const stats = await records.stats(queues)
          return stats.map((one) => ({ ...one, counts: { ...one.counts, ready: one.counts.ready + drift } }))
        },
      }),
    })
  }),
  wrongEngine('the feed of changes skips some', ['conformance', 'model'], ({ engine }) =>
    over(engine, {
      records: over(engine.records, {
        async changes(since, limit) {
          const page = await engine.records.changes(since, limit)
          return { ...page, changes: page.changes.filter(({ cursor }) => cursor % 3 !== 0) }
        },
      }),
    }),
  ),
]

/** All of this file. */
export const STORE_MUTANTS: readonly Mutant[] = [...sessions, ...sweeps, ...operator, ...told]
