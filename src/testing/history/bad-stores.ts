// Hand-made histories of stores, sessions and runtimes: for each check one that only it rejects, and beside it the
// nearest one that is good. Those of single tasks are in bad-lives.ts.

import { outcomes } from '../samples.ts'
import { begun, done, failed, type Pair } from './bad-lives.ts'
import { Story } from './story.ts'

const DEAD = { failures: 1, attempt: 2 }

const keyed = (hold: number | null): Story =>
  new Story().start('s1').enqueue({ id: 'a', unique: { key: 'k', for: hold } })

const TWO = [{ id: 'a' }, { id: 'b', place: 2 }] as const

/** A session whose beats are answered after these waits. */
function beating(...waits: readonly number[]): Story {
  const story = new Story().start('s1').beat('s1', 'live')
  for (const wait of waits) story.pass(wait).beat('s1', 'live')
  return story
}

/** By check. */
export const STORE_PAIRS: readonly Pair[] = [
  {
    check: 'early',
    about: 'a delayed task before its time',
    bad: new Story()
      .enqueue({ id: 'a', due: { after: 5_000 } })
      .pass(4_999)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
    good: new Story()
      .enqueue({ id: 'a', due: { after: 5_000 } })
      .pass(5_000)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
  },
  {
    check: 'early',
    about: 'a retry before its wait is over',
    bad: failed()
      .pass(59_999)
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', DEAD),
    good: failed()
      .pass(60_000)
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', DEAD),
  },
  {
    check: 'order',
    about: 'a lower priority first',
    bad: begun('b', 'a')
      .claim('s1', 'c1', [
        { id: 'a', place: 2 },
        { id: 'b', place: 1 },
      ])
      .ends('a', 'running')
      .ends('b', 'running'),
    good: begun('b', 'a')
      .claim('s1', 'c1', [
        { id: 'a', place: 2, priority: 5 },
        { id: 'b', place: 1 },
      ])
      .ends('a', 'running')
      .ends('b', 'running'),
  },
  {
    check: 'order',
    about: 'a better task left behind',
    bad: new Story()
      .enqueue({ id: 'a', priority: 5 })
      .enqueue({ id: 'b' })
      .claim('s1', 'c1', [{ id: 'b', place: 2 }])
      .claim('s1', 'c2', [{ id: 'a', place: 1 }])
      .ends('a', 'running')
      .ends('b', 'running'),
    good: new Story()
      .enqueue({ id: 'b' })
      .enqueue({ id: 'a', priority: 5 }, 'unknown')
      .claim('s1', 'c1', [{ id: 'b', place: 2 }])
      .claim('s1', 'c2', [{ id: 'a', place: 1 }])
      .ends('a', 'running')
      .ends('b', 'running'),
  },
  {
    check: 'order',
    about: 'slots free and a ready task left behind',
    bad: begun('a', 'b')
      .claim('s1', 'c1', [{ id: 'a' }], { limit: 2 })
      .ends('a', 'running')
      .ends('b', 'ready', { attempt: 0, place: 2 }),
    good: begun('a', 'b')
      .claim('s1', 'c1', [{ id: 'a' }], { limit: 1 })
      .ends('a', 'running')
      .ends('b', 'ready', { attempt: 0, place: 2 }),
  },
  {
    check: 'expired',
    about: 'a task starts after its time',
    bad: begun()
      .enqueue({ id: 'a', expires: { after: 500 } })
      .pass(500)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
    good: begun()
      .enqueue({ id: 'a', expires: { after: 500 } })
      .pass(499)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
  },
  {
    check: 'paused',
    about: 'a task is taken from a paused queue',
    bad: begun('a')
      .pause('default', true)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
    good: begun('a')
      .pause('default', true)
      .pause('default', false)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
  },
  {
    check: 'fifo',
    about: 'the later one gets the earlier place',
    bad: begun('a', 'b')
      .claim('s1', 'c1', [
        { id: 'b', place: 1 },
        { id: 'a', place: 2 },
      ])
      .ends('a', 'running')
      .ends('b', 'running'),
    good: begun('b', 'a')
      .claim('s1', 'c1', [
        { id: 'b', place: 1 },
        { id: 'a', place: 2 },
      ])
      .ends('a', 'running')
      .ends('b', 'running'),
  },
  {
    check: 'cancelled',
    about: 'a wish to cancel is forgotten',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .act({ verb: 'cancel', id: 'a' }, 'requested')
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .act({ verb: 'cancel', id: 'a' }, 'requested')
      .settle('a', 'c1.1', outcomes.release(), 'applied', { state: 'cancelled' })
      .ends('a', 'cancelled', { releases: 1 }),
  },
  {
    check: 'unique',
    about: 'two tasks under one key',
    bad: keyed(null)
      .enqueue({ id: 'b', unique: { key: 'k', for: null } })
      .ends('a', 'ready', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
    good: keyed(null)
      .act({ verb: 'cancel', id: 'a' })
      .enqueue({ id: 'b', unique: { key: 'k', for: null } })
      .ends('a', 'cancelled', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
  },
  {
    check: 'unique',
    about: 'a key is freed by a retry that no cancel turned into an end',
    bad: keyed(null)
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.retry(60_000), 'applied', { state: 'scheduled' })
      .enqueue({ id: 'b', unique: { key: 'k', for: null } })
      .ends('a', 'scheduled', { failures: 1 })
      .ends('b', 'ready', { attempt: 0 }),
    good: keyed(null)
      .claim('s1', 'c1', [{ id: 'a' }])
      .act({ verb: 'cancel', id: 'a' }, 'requested')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.retry(60_000), 'applied', { state: 'cancelled' })
      .enqueue({ id: 'b', unique: { key: 'k', for: null } })
      .ends('a', 'cancelled', { failures: 1 })
      .ends('b', 'ready', { attempt: 0 }),
  },
  {
    check: 'unique',
    about: 'a key is freed before its time',
    bad: keyed(1_000)
      .act({ verb: 'cancel', id: 'a' })
      .pass(999)
      .enqueue({ id: 'b', unique: { key: 'k', for: 1_000 } })
      .ends('a', 'cancelled', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
    good: keyed(1_000)
      .act({ verb: 'cancel', id: 'a' })
      .pass(1_000)
      .enqueue({ id: 'b', unique: { key: 'k', for: 1_000 } })
      .ends('a', 'cancelled', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
  },
  {
    check: 'counters',
    about: 'a release counts as a failure',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { failures: 1, releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { releases: 1 }),
  },
  {
    check: 'counters',
    about: 'statistics differ from a recount',
    bad: begun('a').ends('a', 'ready', { attempt: 0 }).counts('default', { ready: 2 }),
    good: begun('a').ends('a', 'ready', { attempt: 0 }).counts('default', { ready: 1 }),
  },
  {
    check: 'bytes',
    about: 'a payload changed on its way',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a', payload: '{"n": 1}' }])
      .ends('a', 'running'),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a', payload: '{"n":1}' }])
      .ends('a', 'running'),
  },
  {
    check: 'bytes',
    about: 'a result that nobody settled',
    bad: done().ends('a', 'succeeded', { result: '2' }),
    good: done().ends('a', 'succeeded', { result: '1' }),
  },
  {
    check: 'already',
    about: 'another outcome is called the same',
    bad: failed()
      .settle('a', 'c1.1', outcomes.retry(1), 'already', { guard: 'overdue' })
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
    good: failed()
      .settle('a', 'c1.1', outcomes.retry(1), 'lost', { guard: 'overdue' })
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
  },
  {
    check: 'liveness',
    about: 'a task still waits when all is healed',
    bad: begun('a').heal().ends('a', 'ready', { attempt: 0 }),
    good: begun('a').heal().ends('a', 'scheduled', { attempt: 0, runAt: 9e9 }),
  },
  {
    check: 'revived',
    about: 'a heartbeat revives the dead',
    bad: begun().end('s1').beat('s1', 'live'),
    good: begun().end('s1').beat('s1', 'gone'),
  },
  {
    check: 'revived',
    about: 'the dead are given tasks',
    bad: begun()
      .sweep({ declaredDead: ['s1'] })
      .claim('s1', 'c1', [], { live: true }),
    good: begun()
      .sweep({ declaredDead: ['s1'] })
      .claim('s1', 'c1', [], { live: false }),
  },
  {
    check: 'rescuedAlive',
    about: 'a task is taken from a living session',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.loss(), 'applied', { guard: 'rescue' })
      .ends('a', 'scheduled', { losses: 1, runAt: 9e9 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .end('s1')
      .settle('a', 'c1.1', outcomes.loss(), 'applied', { guard: 'rescue' })
      .ends('a', 'scheduled', { losses: 1, runAt: 9e9 }),
  },
  {
    check: 'entitled',
    about: 'death is declared after a blind time',
    bad: beating(10_000, 16_000, 10_000).sweep({ declaredDead: ['s2'] }, true),
    good: beating(10_000, 10_000, 10_000).sweep({ declaredDead: ['s2'] }, true),
  },
  {
    check: 'entitled',
    about: 'death is declared after a jump of the clock',
    bad: beating(10_000, 10_000).jump(60_000).pass(10_000).beat('s1', 'live').sweep({}, true),
    good: beating(10_000, 10_000).jump(1_000).pass(10_000).beat('s1', 'live').sweep({}, true),
  },
  {
    check: 'slots',
    about: 'one handler too many',
    bad: new Story()
      .start('s1', 1)
      .enqueue({ id: 'a' })
      .enqueue({ id: 'b' })
      .claim('s1', 'c1', TWO)
      .ends('a', 'running')
      .ends('b', 'running', { place: 2 }),
    good: new Story()
      .start('s1', 2)
      .enqueue({ id: 'a' })
      .enqueue({ id: 'b' })
      .claim('s1', 'c1', TWO)
      .ends('a', 'running')
      .ends('b', 'running', { place: 2 }),
  },
  {
    check: 'oneOutcome',
    about: 'a repeated ending is another one',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.retry(1), 'unknown')
      .settle('a', 'c1.1', outcomes.retry(2), 'lost')
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.retry(1), 'unknown')
      .settle('a', 'c1.1', outcomes.retry(1), 'lost')
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
  },
  {
    check: 'firedTwice',
    about: 'two schedulers fire one tick',
    bad: new Story().fire(5, 1).fire(5, 1),
    good: new Story().fire(5, 1).fire(5, 1, 'stale').fire(5, 2),
  },
]
