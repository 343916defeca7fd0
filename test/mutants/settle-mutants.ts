// Planted bugs around the end of an attempt: guards, tokens, repeats, charges, follow-ups, places.

import type { Settlement } from '../../src/core/hot-verbs.ts'
import { isFinal } from '../../src/core/record.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { Opened } from '../simulation/cluster.ts'
import { afterSettling, settling, wrongEngine, type Mutant } from './mutant.ts'

/** The token that is valid now, whatever was sent. */
const currentToken = ({ store }: Opened, one: Settlement): Settlement => ({
  ...one,
  claim: store.tasks.get(one.id)?.task.claim ?? one.claim,
})

const guards: readonly Mutant[] = [
  wrongEngine('settle does not look at the token', ['conformance', 'model', 'simulation'], (opened) =>
    settling(opened, (one) => (one.guard === 'claim' ? currentToken(opened, one) : one)),
  ),
  wrongEngine(
    'settle looks at the owner instead of the token',
    ['conformance', 'model', 'simulation'],
    (opened) => {
      const owners = new Map<string, string>()
      const { engine, store } = opened
      const wrong = settling(opened, (one) => {
        const { session = null, claim = null } = store.tasks.get(one.id)?.task ?? {}
        return claim !== null && owners.get(one.claim) === session ? { ...one, claim } : one
      })
      return over(wrong, {
        async claim(requests) {
          const replies = await engine.claim(requests)
          for (const { tasks } of replies)
            for (const { claim, session } of tasks) owners.set(claim ?? '', session ?? '')
          return replies
        },
      })
    },
  ),
  wrongEngine('rescue does not look whether the session is dead', ['conformance', 'model'], (opened) =>
    settling(opened, (one) => (one.guard === 'rescue' ? { ...one, guard: 'claim' } : one)),
  ),
  wrongEngine('rescue does not look at the token', ['conformance'], (opened) =>
    settling(opened, (one) => (one.guard === 'rescue' ? currentToken(opened, one) : one)),
  ),
  wrongEngine('overdue does not look at the deadline', ['conformance', 'model'], (opened) =>
    settling(opened, (one) => (one.guard === 'overdue' ? { ...one, guard: 'claim' } : one)),
  ),
]

const unatomic: readonly Mutant[] = [
  wrongEngine('rescue looks and writes in two steps', ['simulation'], (opened) => {
    const { engine, store, pause } = opened
    return over(engine, {
      async settle(items, options) {
        const ready = items.map((one) => {
          const task = store.tasks.get(one.id)?.task
          return one.guard === 'rescue' && task?.claim === one.claim && !store.isLive(task.session ?? '')
        })
        if (ready.includes(true)) await pause(200)
        return engine.settle(
          items.map((one, i) => (ready[i] === true ? { ...currentToken(opened, one), guard: 'claim' } : one)),
          options,
        )
      },
    })
  }),
]

const repeats: readonly Mutant[] = [
  wrongEngine('a repeated settlement is called lost', ['conformance', 'model', 'simulation'], (opened) =>
    afterSettling(opened, (reply) => (reply.status === 'already' ? { ...reply, status: 'lost' } : reply)),
  ),
  wrongEngine(
    'any second settlement under a token is called already',
    ['conformance', 'model', 'simulation'],
    (opened) => {
      const last = new Map<string, string>()
      return afterSettling(opened, (reply, { id, claim }) => {
        const again = reply.status === 'lost' && last.get(id) === claim
        if (reply.status === 'applied') last.set(id, claim)
        return again ? { ...reply, status: 'already' } : reply
      })
    },
  ),
]

const endings: readonly Mutant[] = [
  wrongEngine('a release counts as a failure', ['conformance', 'model', 'simulation'], (opened) =>
    settling(opened, (one) => {
      if (one.outcome.kind !== 'release') return one
      return { ...one, outcome: { ...one.outcome, charge: { ...one.outcome.charge, failures: 1 } } }
    }),
  ),
  wrongEngine('crashes and losses are not counted', ['conformance', 'model', 'simulation'], (opened) =>
    settling(opened, (one) => {
      const { crashes: _c, losses: _l, ...charge } = one.outcome.charge
      return { ...one, outcome: { ...one.outcome, charge } }
    }),
  ),
  wrongEngine('a retry forgets the wish to cancel', ['conformance', 'model', 'simulation'], (opened) =>
    settling(opened, (one) => {
      const row = opened.store.tasks.get(one.id)
      if (row?.task.claim === one.claim) opened.store.annotate(row, { cancelRequestedAt: null })
      return one
    }),
  ),
  wrongEngine('a released task goes to the end of the line', ['conformance', 'model'], (opened) =>
    afterSettling(opened, (reply, { id }) => {
      const row = opened.store.tasks.get(id)
      if (reply.status === 'applied' && row?.task.state === 'ready')
        opened.store.change(row, { place: opened.store.drawPlace() })
      return reply
    }),
  ),
  wrongEngine('follow-ups are enqueued before the guard is looked at', ['conformance', 'model'], (opened) =>
    over(opened.engine, {
      async settle(items, options) {
        for (const { followUps } of items) await opened.engine.enqueue(followUps)
        return opened.engine.settle(items, options)
      },
    }),
  ),
  wrongEngine(
    'follow-ups are lost when the reply is on its way',
    ['conformance', 'model', 'simulation'],
    (opened) =>
      afterSettling(opened, (reply) => {
        for (const { id, outcome } of reply.followUps) {
          const row = opened.store.tasks.get(id)
          if (outcome === 'created' && row !== undefined) opened.store.remove(row)
        }
        return reply
      }),
  ),
]

const keys: readonly Mutant[] = [
  wrongEngine('a task that ends frees the key of another', ['conformance', 'model', 'simulation'], (opened) =>
    afterSettling(opened, (reply, { id }) => {
      const task = opened.store.tasks.get(id)?.task
      if (reply.status === 'applied' && task !== undefined && isFinal(task.state))
        opened.store.uniques.delete(task.uniqueKey ?? '')
      return reply
    }),
  ),
  wrongEngine(
    'a key that holds for a time is freed at the end',
    ['conformance', 'model', 'simulation'],
    (opened) =>
      afterSettling(opened, (reply, { id }) => {
        const task = opened.store.tasks.get(id)?.task
        const own = opened.store.uniques.get(task?.uniqueKey ?? '')?.id === id
        if (own && task !== undefined && isFinal(task.state))
          opened.store.uniques.delete(task.uniqueKey ?? '')
        return reply
      }),
  ),
]

/** All of this file. */
export const SETTLE_MUTANTS: readonly Mutant[] = [...guards, ...unatomic, ...repeats, ...endings, ...keys]
