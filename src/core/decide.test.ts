// Endings become outcomes: for every ending and any task only the outcomes of the table, and counters within budgets.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { decide, type Ending, type Judged } from './decide.ts'
import type { Outcome } from './hot-verbs.ts'
import { wordsAsError } from './kept-error.ts'
import { LIMITS } from './limits.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY } from './retry.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const error = wordsAsError(null, 'Error', 'it broke')
const failedEnding: Extract<Ending, { kind: 'failed' }> = {
  kind: 'failed',
  error,
  reason: 'failed',
  delay: null,
  again: true,
  warnings: [],
}
const fresh: Judged = {
  retry: DEFAULT_RETRY,
  crash: DEFAULT_CRASH,
  failures: 0,
  crashes: 0,
  losses: 0,
  timeout: 900_000,
}

/** What each ending may come to: kind, target and the one counter that is charged. */
const TABLE: Record<string, readonly string[]> = {
  returned: ['succeed>succeeded:'],
  failed: ['retry>scheduled:failures', 'die>dead:failures'],
  fatal: ['die>dead:failures'],
  cancelled: ['cancel>cancelled:'],
  snoozed: ['snooze>scheduled:snoozes'],
  released: ['release>ready:releases', 'release>scheduled:releases'],
  crashed: ['crash>scheduled:crashes', 'crash>dead:crashes'],
  'orphaned stopped': ['release>ready:releases'],
  'orphaned killed': ['crash>scheduled:crashes', 'crash>dead:crashes', 'release>ready:releases'],
  'orphaned deadline': [
    'deadline>scheduled:failures',
    'deadline>dead:failures',
    'crash>scheduled:crashes',
    'crash>dead:crashes',
    'release>ready:releases',
  ],
  'orphaned expired': ['loss>scheduled:losses', 'loss>dead:losses'],
  'orphaned missing': ['loss>scheduled:losses', 'loss>dead:losses'],
  overdue: ['deadline>scheduled:failures', 'deadline>dead:failures'],
}

const rowOf = (ending: Ending): string =>
  ending.kind === 'orphaned' ? `orphaned ${ending.cause}` : ending.kind
const wordOf = ({ kind, to, charge }: Outcome): string => `${kind}>${to}:${Object.keys(charge).join()}`

const anyDelay = fc.oneof(
  fc.nat(100_000),
  fc.constantFrom(-1, -0, 0.2, 0.7, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
)
const warnings = fc.array(fc.string(), { maxLength: 30 })
const endings: fc.Arbitrary<Ending> = fc.oneof(
  fc.record({ kind: fc.constant('returned' as const), result: fc.constantFrom(null, '{}'), warnings }),
  fc.record({
    kind: fc.constant('failed' as const),
    error: fc.constant(error),
    reason: fc.constantFrom('failed' as const, 'timeout' as const),
    delay: fc.option(anyDelay),
    again: fc.boolean(),
    warnings,
  }),
  fc.record({
    kind: fc.constant('fatal' as const),
    error: fc.constant(error),
    reason: fc.constantFrom('fatal' as const, 'invalid_payload' as const),
    warnings,
  }),
  fc.record({ kind: fc.constant('cancelled' as const) }),
  fc.record({ kind: fc.constant('snoozed' as const), delay: anyDelay }),
  fc.record({
    kind: fc.constant('released' as const),
    reason: fc.constant('drained' as const),
    delay: anyDelay,
  }),
  fc.record({
    kind: fc.constant('orphaned' as const),
    cause: fc.constantFrom(
      'stopped' as const,
      'killed' as const,
      'expired' as const,
      'deadline' as const,
      'missing' as const,
    ),
    culprit: fc.constantFrom(true, false, null),
  }),
  fc.record({ kind: fc.constant('crashed' as const), error: fc.constant(error), warnings }),
  fc.record({ kind: fc.constant('overdue' as const) }),
)
const tasks: fc.Arbitrary<Judged> = fc.record({
  retry: fc.record({ kind: fc.constant('fixed' as const), retries: fc.nat(4), delay: fc.nat(60_000) }),
  crash: fc.record({
    crashes: fc.integer({ min: 1, max: 4 }),
    losses: fc.integer({ min: 1, max: 4 }),
    delays: fc.array(fc.nat(60_000), { maxLength: 3 }),
  }),
  failures: fc.nat(6),
  crashes: fc.nat(6),
  losses: fc.nat(6),
  timeout: fc.option(fc.nat()),
})
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('every ending of any task comes to an outcome of the table, and every outcome of the table is reached', () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(endings, tasks, random, (ending, task, chance) => {
      const outcome = decide(ending, task, chance)
      const word = wordOf(outcome)
      assert.ok(TABLE[rowOf(ending)]?.includes(word), `${rowOf(ending)} came to ${word}`)
      reached.add(`${rowOf(ending)} ${word}`)
      assert.ok(Object.values(outcome.charge).every((count) => count === 1))
    }),
    { numRuns: 6_000 },
  )
  assert.equal(reached.size, Object.values(TABLE).flat().length)
})

test('delays are whole milliseconds within ten years, and only what is scheduled has one', () => {
  fc.assert(
    fc.property(endings, tasks, random, (ending, task, chance) => {
      const { delay, to, kind } = decide(ending, task, chance)
      assert.ok(Number.isSafeInteger(delay) && !Object.is(delay, -0))
      assert.ok(delay >= 0 && delay <= LIMITS.duration)
      if (to !== 'scheduled') assert.equal(delay, 0)
      if (kind === 'release') assert.equal(to, delay > 0 ? 'scheduled' : 'ready')
    }),
    { numRuns: 1_000 },
  )
})

test('what goes wrong carries its error, what dies its reason, what succeeds neither', () => {
  fc.assert(
    fc.property(endings, tasks, random, (ending, task, chance) => {
      const { kind, to, error: kept, reason, result } = decide(ending, task, chance)
      const wrong = ['retry', 'die', 'crash', 'loss', 'deadline'].includes(kind)
      assert.equal(kept !== null, wrong)
      if (to === 'dead' || to === 'cancelled') assert.notEqual(reason, null)
      if (kind === 'succeed') assert.deepEqual([reason, kept], [null, null])
      if (kind !== 'succeed') assert.equal(result, null)
    }),
    { numRuns: 1_000 },
  )
})

test('any sequence of endings keeps every counter within its budget (I10)', () => {
  fc.assert(
    fc.property(
      fc.array(endings, { minLength: 1, maxLength: 60 }),
      tasks,
      random,
      (sequence, start, chance) => {
        const task = { ...start, failures: 0, crashes: 0, losses: 0 }
        for (const ending of sequence) {
          const { charge, to } = decide(ending, task, chance)
          task.failures += charge.failures ?? 0
          task.crashes += charge.crashes ?? 0
          task.losses += charge.losses ?? 0
          if (to === 'succeeded' || to === 'dead' || to === 'cancelled') break
        }
        assert.ok(task.failures <= task.retry.retries + 1)
        assert.ok(task.crashes <= task.crash.crashes)
        assert.ok(task.losses <= task.crash.losses)
      },
    ),
    { numRuns: 500 },
  )
})

test('three retries are four runs, and the fourth failure says that no retry is left', () => {
  for (const failures of [0, 1, 2]) {
    const { kind, delay, reason } = decide(failedEnding, { ...fresh, failures }, 0.5)
    assert.deepEqual([kind, delay, reason], ['retry', 60_000, 'failed'])
  }
  const last = decide(failedEnding, { ...fresh, failures: 3 }, 0.5)
  assert.deepEqual([last.kind, last.to, last.reason], ['die', 'dead', 'retries_exhausted'])
})

test('why a failed task is dead is told apart: no retries at all, no retry wished, time out', () => {
  const none = { ...fresh, retry: { ...DEFAULT_RETRY, retries: 0 } }
  assert.equal(decide(failedEnding, none, 0).reason, 'failed')
  const one = { ...fresh, failures: 1, retry: { ...DEFAULT_RETRY, retries: 1 } }
  assert.equal(decide(failedEnding, one, 0).reason, 'retries_exhausted')
  assert.equal(decide({ ...failedEnding, again: false }, fresh, 0).reason, 'failed')
  assert.equal(decide({ ...failedEnding, reason: 'timeout' }, none, 0).reason, 'timeout')
  assert.equal(
    decide({ kind: 'fatal', error, reason: 'invalid_payload', warnings: [] }, fresh, 0).reason,
    'invalid_payload',
  )
})

test('a wait that was chosen replaces that of the policy, and never gives a retry beyond the budget', () => {
  assert.equal(decide({ ...failedEnding, delay: 5 }, fresh, 0).delay, 5)
  assert.equal(decide({ ...failedEnding, delay: 0 }, fresh, 0).delay, 0)
  assert.equal(decide({ ...failedEnding, delay: 5 }, { ...fresh, failures: 3 }, 0).to, 'dead')
})

test('the third crash is poison; the waits before are 0 and 10 s', () => {
  const crash = (crashes: number): Outcome =>
    decide({ kind: 'orphaned', cause: 'killed', culprit: true }, { ...fresh, crashes }, 0)
  assert.deepEqual(
    [crash(0), crash(1)].map(({ to, delay, reason }) => [to, delay, reason]),
    [
      ['scheduled', 0, null],
      ['scheduled', 10_000, null],
    ],
  )
  assert.deepEqual([crash(2).to, crash(2).reason, crash(2).error?.code], ['dead', 'poison', 'crash'])
  assert.match(crash(2).error?.message ?? '', /crash 3 of 3/)
})

test('a crash of its own thread or process says of what, waits likewise and is poison at the third', () => {
  const cause = wordsAsError('memory_limit', 'Crash', 'it used 300 MB')
  const crash = (crashes: number): Outcome =>
    decide({ kind: 'crashed', error: cause, warnings: ['w'] }, { ...fresh, crashes }, 0)
  assert.deepEqual(
    [crash(0), crash(1), crash(2)].map(({ kind, to, delay, reason, charge }) => [
      kind,
      to,
      delay,
      reason,
      charge,
    ]),
    [
      ['crash', 'scheduled', 0, null, { crashes: 1 }],
      ['crash', 'scheduled', 10_000, null, { crashes: 1 }],
      ['crash', 'dead', 0, 'poison', { crashes: 1 }],
    ],
  )
  assert.deepEqual([crash(2).error, crash(0).warnings], [cause, ['w']])
})

test('the tenth loss is the last; the waits repeat their last one', () => {
  const loss = (losses: number): Outcome =>
    decide({ kind: 'orphaned', cause: 'expired', culprit: null }, { ...fresh, losses }, 0)
  assert.deepEqual(
    [0, 1, 2, 3, 8].map((losses) => loss(losses).delay),
    [0, 10_000, 60_000, 60_000, 60_000],
  )
  assert.deepEqual([loss(9).to, loss(9).reason], ['dead', 'lost'])
  assert.match(loss(0).error?.message ?? '', /stopped renewing its lease \(loss 1 of 10\)$/)
  const missing = decide({ kind: 'orphaned', cause: 'missing', culprit: null }, fresh, 0)
  assert.deepEqual(
    [missing.kind, missing.error?.message.split(' (')[0]],
    ['loss', 'the session that ran this task is gone'],
  )
  assert.deepEqual([loss(0).error?.code, missing.error?.code], ['lease_expired', 'session_missing'])
  const detail = 'worker w on host h has not been heard of for 45s'
  const told = decide({ kind: 'orphaned', cause: 'expired', culprit: null, detail }, fresh, 0)
  assert.match(told.error?.message ?? '', /\(loss 1 of 10\): worker w on host h has not/)
  const killed = decide(
    { kind: 'orphaned', cause: 'killed', culprit: true, detail: 'signal SIGKILL' },
    fresh,
    0,
  )
  assert.match(killed.error?.message ?? '', /\(crash 1 of 3\): signal SIGKILL$/)
  const noWaits = { ...fresh, crash: { ...DEFAULT_CRASH, delays: [] } }
  assert.equal(decide({ kind: 'orphaned', cause: 'expired', culprit: null }, noWaits, 0).delay, 0)
})

test('a crash charges the culprits only, or everybody when nobody is named', () => {
  const after = (culprit: boolean | null, cause: 'killed' | 'deadline'): string =>
    wordOf(decide({ kind: 'orphaned', cause, culprit }, fresh, 0))
  assert.equal(after(true, 'killed'), 'crash>scheduled:crashes')
  assert.equal(after(null, 'killed'), 'crash>scheduled:crashes')
  assert.equal(after(false, 'killed'), 'release>ready:releases')
  assert.equal(after(true, 'deadline'), 'deadline>scheduled:failures')
  assert.equal(after(false, 'deadline'), 'release>ready:releases')
  assert.equal(after(null, 'deadline'), 'crash>scheduled:crashes')
})

test('draining costs nothing but a release, and goes back to the old place', () => {
  const spent = { ...fresh, failures: 3, crashes: 2, losses: 9 }
  for (const ending of [
    { kind: 'released', reason: 'drained', delay: 0 },
    { kind: 'orphaned', cause: 'stopped', culprit: null },
    { kind: 'orphaned', cause: 'stopped', culprit: true },
  ] as const) {
    assert.equal(wordOf(decide(ending, spent, 0)), 'release>ready:releases')
  }
})

test('a deadline is a failure, with the words of a timeout', () => {
  const first = decide({ kind: 'overdue' }, fresh, 0)
  assert.deepEqual(
    [first.kind, first.to, first.delay, first.reason],
    ['deadline', 'scheduled', 60_000, 'timeout'],
  )
  assert.match(first.error?.message ?? '', /longer than 900000 ms/)
  const last = decide({ kind: 'overdue' }, { ...fresh, failures: 3 }, 0)
  assert.deepEqual([last.kind, last.to, last.reason], ['deadline', 'dead', 'timeout'])
})

test('warnings are bounded in number and in length', () => {
  const long = Array.from({ length: 1_000 }, () => 'w'.repeat(10_000))
  const kept = decide({ kind: 'returned', result: null, warnings: long }, fresh, 0).warnings
  assert.equal(kept.length, LIMITS.warnings)
  assert.ok(kept.every((text) => Buffer.byteLength(text) <= LIMITS.warningBytes))
  assert.deepEqual(decide({ ...failedEnding, warnings: ['a stall'] }, fresh, 0).warnings, ['a stall'])
})

test('the same ending of the same task is the same outcome, and outcomes share nothing that can be changed', () => {
  fc.assert(
    fc.property(endings, tasks, random, (ending, task, chance) => {
      const first = decide(ending, task, chance)
      assert.deepEqual(decide(ending, task, chance), first)
      assert.notEqual(decide(ending, task, chance), first)
    }),
  )
})
