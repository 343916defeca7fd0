// What a random program is: a list of steps in plain JSON, with small numbers instead of names.
// A step says "the third live token", not which one: it means something in every state, so a program stays valid
// whatever is cut out of it, and can be kept as a file. Leaves giving meaning to the numbers to duo.ts.

import fc from 'fast-check'

export interface Item {
  readonly fresh: boolean
  readonly pick: number
  /** Of a known id: sent again as it was, or with other content. */
  readonly same: boolean
  readonly queue: number
  readonly priority: number
  readonly due: number
  readonly expires: number
  readonly unique: number
  readonly hold: number | null
  readonly timeout: number | null
  readonly retries: number
  readonly keep: number
}

export interface Ending {
  /** `live`: a token that is valid now; `trash`: any token ever given; `again`: a settlement that was sent before. */
  readonly from: 'live' | 'trash' | 'again'
  readonly pick: number
  readonly kind: number
  readonly guard: 'claim' | 'rescue' | 'overdue'
  readonly delay: number
  readonly follow: readonly Item[]
  readonly log: boolean
}

export type Step =
  | { readonly do: 'enqueue'; readonly items: readonly Item[] }
  | {
      readonly do: 'claim'
      readonly requests: readonly {
        readonly session: number
        readonly queues: readonly number[] | null
        readonly limit: number
        readonly again: number | null
      }[]
    }
  | { readonly do: 'settle'; readonly endings: readonly Ending[] }
  | {
      readonly do: 'report'
      readonly from: 'live' | 'trash'
      readonly pick: number
      readonly percent: number | null
      readonly log: boolean
    }
  | { readonly do: 'start'; readonly pick: number; readonly queues: number | null; readonly lease: number }
  | {
      readonly do: 'beat'
      readonly session: number
      readonly renew: boolean
      readonly list: boolean
      readonly forget: number | null
      readonly invent: boolean
      readonly after: number
      readonly draining: boolean
    }
  | {
      readonly do: 'end'
      readonly session: number
      readonly cause: 'stopped' | 'killed' | 'deadline'
      readonly culprit: number | null
    }
  | {
      readonly do: 'sweep'
      readonly session: number | null
      readonly every: number
      readonly mode: 'look' | 'declare' | 'extend'
      readonly grace: number
      readonly page: number
      readonly keep: number | null
      readonly rescue: boolean
    }
  | {
      readonly do: 'act'
      readonly actions: readonly {
        readonly verb: 'cancel' | 'requeue' | 'delete' | 'reprioritise'
        readonly pick: number
        readonly priority: number
      }[]
    }
  | { readonly do: 'pause'; readonly queue: number; readonly paused: boolean }
  | { readonly do: 'document'; readonly key: number; readonly stale: boolean; readonly remove: boolean }
  | {
      readonly do: 'schedule'
      readonly name: number
      readonly stale: boolean
      readonly verb: 'put' | 'pause' | 'remove' | 'due'
      readonly due: number
    }
  | { readonly do: 'fire'; readonly name: number; readonly stale: boolean; readonly tasks: readonly Item[] }
  | { readonly do: 'journal'; readonly stream: number; readonly key: number; readonly prune: boolean }
  | { readonly do: 'find'; readonly by: number; readonly pick: number; readonly limit: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'dump' }

/** Equal for equal kinds of step; keeps the step's own type. */
function step<D extends Step['do'], T extends object>(
  name: D,
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
) {
  return fc.record<{ do: D } & T>({ do: fc.constant(name), ...fields } as never) as fc.Arbitrary<
    { do: D } & T
  >
}

const pick = fc.nat({ max: 15 })
const queue = fc.nat({ max: 2 })
const priority = fc.constantFrom(0, 0, 5, 10)
const rarely = fc.nat({ max: 5 }).map((n) => n === 5)
const often = fc.nat({ max: 3 }).map((n) => n < 3)

const item: fc.Arbitrary<Item> = fc.record({
  fresh: often,
  pick,
  same: fc.boolean(),
  queue,
  priority,
  due: fc.constantFrom(0, 0, 0, 5_000, 40_000, -1_000),
  expires: fc.constantFrom(0, 0, 0, 0, 10_000, 60_000, -1),
  unique: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
  hold: fc.constantFrom(null, null, 5_000, 30_000),
  timeout: fc.constantFrom(null, 20_000, 900_000),
  retries: fc.nat({ max: 2 }),
  keep: fc.nat({ max: 1 }),
})

const few = <T>(of: fc.Arbitrary<T>, max: number): fc.Arbitrary<T[]> =>
  fc.array(of, { minLength: 1, maxLength: max, size: 'max' })

const ending: fc.Arbitrary<Ending> = fc.record({
  from: fc.constantFrom('live', 'live', 'live', 'live', 'trash', 'again'),
  pick,
  kind: fc.nat({ max: 9 }),
  guard: fc.constantFrom('claim', 'claim', 'claim', 'claim', 'rescue', 'overdue'),
  delay: fc.constantFrom(0, 1, 5_000, 60_000),
  follow: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: few(item, 2) }),
  log: rarely,
})

const claim = step('claim', {
  requests: few(
    fc.record({
      session: pick,
      queues: fc.oneof(fc.constant(null), few(queue, 3)),
      limit: fc.constantFrom(1, 1, 2, 3, 20),
      again: fc.oneof(
        { weight: 5, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.nat({ max: 3 }) },
      ),
    }),
    2,
  ),
})

const sweep = step('sweep', {
  session: fc.oneof({ weight: 4, arbitrary: pick }, { weight: 1, arbitrary: fc.constant(null) }),
  every: fc.constantFrom(0, 0, 5_000),
  mode: fc.constantFrom('declare', 'declare', 'look', 'extend'),
  grace: fc.constantFrom(0, 10_000),
  page: fc.constantFrom(1_000, 1_000, 1, 2),
  keep: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) }),
  rescue: often,
})

const act = step('act', {
  actions: few(
    fc.record({
      verb: fc.constantFrom('cancel', 'cancel', 'requeue', 'delete', 'reprioritise'),
      pick,
      priority,
    }),
    3,
  ),
})

const beat = step('beat', {
  session: pick,
  renew: often,
  list: fc.boolean(),
  forget: fc.oneof(fc.constant(null), fc.nat({ max: 3 })),
  invent: rarely,
  after: fc.constantFrom(0, 5_000, 60_000),
  draining: rarely,
})

/** What time moves by: inside a lease, exactly a lease, past two, and now and then hours or days. */
const moved = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 500, 5_000, 10_000, 15_000, 29_999, 30_000, 30_001, 60_000) },
  { weight: 1, arbitrary: fc.constantFrom(3_600_001, 10_800_003, 180_000_007) },
)

const steps: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  { weight: 22, arbitrary: step('enqueue', { items: few(item, 4) }) },
  { weight: 20, arbitrary: claim },
  { weight: 24, arbitrary: step('settle', { endings: few(ending, 3) }) },
  {
    weight: 3,
    arbitrary: step('report', {
      from: fc.constantFrom('live', 'live', 'trash'),
      pick,
      percent: fc.oneof(fc.constant(null), fc.nat({ max: 100 })),
      log: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: step('start', {
      pick: fc.nat({ max: 5 }),
      queues: fc.oneof(fc.constant(null), queue),
      lease: fc.constantFrom(30_000, 10_000),
    }),
  },
  { weight: 10, arbitrary: beat },
  {
    weight: 4,
    arbitrary: step('end', {
      session: pick,
      cause: fc.constantFrom('stopped', 'killed', 'deadline'),
      culprit: fc.oneof(fc.constant(null), pick),
    }),
  },
  { weight: 8, arbitrary: sweep },
  { weight: 8, arbitrary: act },
  { weight: 4, arbitrary: step('pause', { queue, paused: fc.boolean() }) },
  { weight: 2, arbitrary: step('document', { key: queue, stale: rarely, remove: rarely }) },
  {
    weight: 3,
    arbitrary: step('schedule', {
      name: fc.nat({ max: 1 }),
      stale: rarely,
      verb: fc.constantFrom('put', 'put', 'pause', 'remove', 'due'),
      due: fc.constantFrom(-1_000, 0, 5_000),
    }),
  },
  { weight: 2, arbitrary: step('fire', { name: fc.nat({ max: 1 }), stale: rarely, tasks: few(item, 2) }) },
  { weight: 2, arbitrary: step('journal', { stream: fc.nat({ max: 1 }), key: queue, prune: rarely }) },
  {
    weight: 3,
    arbitrary: step('find', { by: fc.nat({ max: 7 }), pick, limit: fc.constantFrom(1, 2, 1_000) }),
  },
  { weight: 14, arbitrary: step('advance', { ms: moved }) },
  { weight: 2, arbitrary: fc.constant({ do: 'dump' } as const) },
]

/** Programs of up to `most` steps. */
export function programs(most: number): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...steps), { minLength: 1, maxLength: most, size: 'max' })
}

/** Programs one by one, the same for the same seed. */
export function* samplePrograms(seed: number, count: number): Generator<[number, Step[]]> {
  const CHUNK = 50
  for (let from = 0; from < count; from += CHUNK)
    for (const [i, program] of fc.sample(programs(60), { seed: seed + from, numRuns: CHUNK }).entries())
      yield [from + i, program]
}
