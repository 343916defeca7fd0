// Hand-made histories of single tasks: for each check of life-checks.ts one that only it rejects, and beside it the
// nearest one that is good. The difference between the two is the promise of the check.

import { outcomes } from '../samples.ts'
import type { CheckName } from './checker.ts'
import { Story } from './story.ts'

/** A bad history, and the good one that is nearest to it. */
export interface Pair {
  readonly check: CheckName
  readonly about: string
  readonly bad: Story
  readonly good: Story
}

/** A session, and these tasks. */
export const begun = (...ids: readonly string[]): Story => {
  const story = new Story().start('s1')
  for (const id of ids) story.enqueue({ id })
  return story
}

/** One task that ran and succeeded. */
export const done = (): Story =>
  begun('a')
    .claim('s1', 'c1', [{ id: 'a' }])
    .succeed('a', 'c1.1')

/** Its first attempt failed and waits for a minute. */
export const failed = (): Story =>
  begun('a')
    .claim('s1', 'c1', [{ id: 'a' }])
    .settle('a', 'c1.1', outcomes.retry(60_000))

/** By check. */
export const LIFE_PAIRS: readonly Pair[] = [
  {
    check: 'lost',
    about: 'an acknowledged task is gone',
    bad: done(),
    good: done().act({ verb: 'delete', id: 'a' }),
  },
  {
    check: 'lost',
    about: 'an enqueue in doubt may be absent',
    bad: new Story().enqueue({ id: 'a' }, 'unknown').enqueue({ id: 'a' }, 'existing'),
    good: new Story().enqueue({ id: 'a' }, 'unknown'),
  },
  {
    check: 'invented',
    about: 'a task that nobody enqueued',
    bad: begun().ends('a', 'ready', { attempt: 0 }),
    good: new Story().enqueue({ id: 'a' }, 'unknown').ends('a', 'ready', { attempt: 0 }),
  },
  {
    check: 'trace',
    about: 'a refused enqueue left a task',
    bad: new Story().enqueue({ id: 'a' }, 'not_applied').ends('a', 'ready', { attempt: 0 }),
    good: new Story().enqueue({ id: 'a' }, 'not_applied'),
  },
  {
    check: 'trace',
    about: 'a refused settlement ended a task',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.cancel(), 'not_applied')
      .ends('a', 'cancelled'),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.cancel(), 'unknown')
      .ends('a', 'cancelled'),
  },
  {
    check: 'settledTwice',
    about: 'one token, two endings',
    bad: failed()
      .settle('a', 'c1.1', outcomes.retry(60_000))
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
    good: failed()
      .settle('a', 'c1.1', outcomes.retry(60_000), 'already')
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
  },
  {
    check: 'stale',
    about: 'a settlement after the next claim',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release(), 'unknown')
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { attempt: 2, releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release(), 'unknown')
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .settle('a', 'c1.1', outcomes.release(), 'already')
      .ends('a', 'ready', { attempt: 2, releases: 1 }),
  },
  {
    check: 'stale',
    about: 'a token that was never asked for',
    bad: begun('a').settle('a', 'c9.1', outcomes.release()).ends('a', 'ready', { releases: 1 }),
    good: begun('a')
      .claim('s1', 'c9', [{ id: 'a' }])
      .settle('a', 'c9.1', outcomes.release())
      .ends('a', 'ready', { releases: 1 }),
  },
  {
    check: 'overlap',
    about: 'a second claim while the first is valid',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .succeed('a', 'c2.2')
      .ends('a', 'succeeded', { attempt: 2 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release(), 'unknown')
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .succeed('a', 'c2.2')
      .ends('a', 'succeeded', { attempt: 2, releases: 1 }),
  },
  {
    check: 'attempts',
    about: 'a number is given twice',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .claim('s1', 'c2', [{ id: 'a', attempt: 1 }])
      .ends('a', 'running', { attempt: 1, releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .claim('s1', 'c2', [{ id: 'a', attempt: 3 }])
      .ends('a', 'running', { attempt: 3, releases: 1 }),
  },
  {
    check: 'resurrected',
    about: 'a claim after the end',
    bad: done()
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', { attempt: 2 }),
    good: done()
      .act({ verb: 'requeue', id: 'a' })
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', { attempt: 2 }),
  },
  {
    check: 'ran',
    about: 'a success of a task that never ran',
    bad: done()
      .enqueue({ id: 'b' })
      .claim('s1', 'c2', [{ id: 'b' }], { idle: true })
      .succeed('b', 'c2.1')
      .ends('a', 'succeeded')
      .ends('b', 'succeeded'),
    good: done()
      .enqueue({ id: 'b' })
      .claim('s1', 'c2', [{ id: 'b' }], { idle: true })
      .settle('b', 'c2.1', outcomes.release())
      .ends('a', 'succeeded')
      .ends('b', 'ready', { releases: 1 }),
  },
]
