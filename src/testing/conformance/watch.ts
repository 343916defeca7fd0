// Conformance: watch. Hints come after the change they tell of, to every watcher, until it stops; nobody is harmed by one.
// A hint may be late or doubled; these cases wait for one in real time, up to a bound that a sound engine never needs.

import assert from 'node:assert/strict'

import type { Hint } from '../../core/hot-verbs.ts'
import type { Engine } from '../../core/engine.ts'
import { outcomes } from '../samples.ts'
import { check, type TopicSpec } from './case.ts'

/** How long a hint may take before the case fails. */
const PATIENCE = 5_000

/** Watches until `wanted` answers true for a hint; rejects after a while. */
async function hinted(
  engine: Engine,
  wanted: (hint: Hint) => boolean | Promise<boolean>,
  change: () => Promise<unknown>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = setTimeout(() => reject(new assert.AssertionError({ message: 'no such hint came' })), PATIENCE)
  const stop = engine.watch((hint) => {
    void Promise.resolve(wanted(hint)).then((yes) => (yes ? resolve() : undefined), reject)
  })
  try {
    await change()
    await promise
  } finally {
    clearTimeout(late)
    stop()
  }
}

/** The hint is about this queue, as far as it says. */
function concerns(hint: Hint, queue: string, ...kinds: readonly Hint['kind'][]): boolean {
  const kind = hint.kind === 'any' || kinds.includes(hint.kind)
  return kind && (hint.queues === null || hint.queues.includes(queue))
}

export const watchTopic: TopicSpec = {
  topic: 'watch hints',
  cases: [
    check('an enqueue hints at work in its queue, once it can be read', [13], async (b) => {
      await hinted(
        b.engine,
        async (hint) => concerns(hint, 'mail', 'work') && (await b.states(['t']))[0] === 'ready',
        () => b.add({ id: 't', queue: 'mail' }),
      )
    }),
    check('a release hints at work', [13], async (b) => {
      const task = await b.start({ queue: 'mail' })
      await hinted(
        b.engine,
        (hint) => concerns(hint, 'mail', 'work'),
        () => b.end(task, outcomes.release()),
      )
    }),
    check('a task for later hints that something is due', [13], async (b) => {
      await hinted(
        b.engine,
        (hint) => concerns(hint, 'mail', 'due', 'work'),
        () => b.add({ queue: 'mail', due: { after: 1_000 } }),
      )
    }),
    check('a cancel request hints at a cancel', ['DESIGN §4'], async (b) => {
      const task = await b.start({ queue: 'mail' })
      await hinted(
        b.engine,
        (hint) => concerns(hint, 'mail', 'cancel'),
        () => b.act('cancel', task.id),
      )
    }),
    check('an end hints at a change, for those who wait for a result', ['DESIGN §4'], async (b) => {
      const task = await b.start({ queue: 'mail' })
      await hinted(
        b.engine,
        async (hint) => concerns(hint, 'mail', 'change') && (await b.states([task.id]))[0] === 'succeeded',
        () => b.end(task, outcomes.succeed()),
      )
    }),
    check('a resumed queue hints at work', ['DESIGN §4'], async (b) => {
      await b.add({ queue: 'mail' })
      await b.pause('mail')
      await hinted(
        b.engine,
        (hint) => concerns(hint, 'mail', 'work'),
        () => b.pause('mail', false),
      )
    }),
    check('every watcher is told; one that throws harms nobody', [13], async (b) => {
      const stop = b.engine.watch(() => {
        throw new Error('a watcher that breaks')
      })
      let others = 0
      const also = b.engine.watch(() => {
        others++
      })
      await hinted(
        b.engine,
        (hint) => concerns(hint, 'mail', 'work') && others > 0,
        () => b.add({ queue: 'mail' }),
      )
      stop()
      also()
    }),
    check('after stopping nothing more is told; stopping twice is harmless', [13], async (b) => {
      let count = 0
      const listener = () => {
        count++
      }
      const stop = b.engine.watch(listener)
      const stopSame = b.engine.watch(listener)
      await hinted(
        b.engine,
        () => count >= 2,
        () => b.add(),
      )
      stop()
      stop()
      stopSame()
      const before = count
      await hinted(
        b.engine,
        (hint) => concerns(hint, 'mail', 'work'),
        () => b.add({ queue: 'mail' }),
      )
      assert.equal(count, before)
    }),
    check(
      'a watcher of another connection in this process is told',
      [13],
      async (b) => {
        const other = await b.second()
        await hinted(
          other,
          (hint) => concerns(hint, 'mail', 'work'),
          () => b.add({ queue: 'mail' }),
        )
      },
      { needs: ['reopen'] },
    ),
    check(
      'a closed connection tells its watchers nothing more',
      ['DESIGN §4'],
      async (b) => {
        const other = await b.second()
        let count = 0
        other.watch(() => {
          count++
        })
        await other.close()
        await hinted(
          b.engine,
          (hint) => concerns(hint, 'mail', 'work'),
          () => b.add({ queue: 'mail' }),
        )
        assert.equal(count, 0)
      },
      { needs: ['reopen'] },
    ),
  ],
}
