// A case of the conformance suite, as data: what it is about, which rules it proves, how it runs.
// Knows no test runner. A case opens its own store, runs on it and destroys it, whatever happens.

import { Bench } from './bench.ts'
import type { Ability, EngineFactory, OpenOptions } from './factory.ts'

/** A rule of CONTRACT.md by its number, or a section of DESIGN.md. */
export type Rule = number | `DESIGN ${string}`

export interface ConformanceCase {
  readonly topic: string
  readonly name: string
  readonly rule: readonly Rule[]
  /** Rejects with an AssertionError, or whatever the engine threw, when the engine does not conform. */
  readonly run: () => Promise<void>
  /** Why it cannot be run with this engine. */
  readonly skip?: string
}

/** A case before it knows its engine. */
export interface CaseSpec {
  readonly name: string
  readonly rule: readonly Rule[]
  readonly body: (bench: Bench) => Promise<void>
  readonly needs: readonly Ability[]
  readonly open: Omit<OpenOptions, 'now'>
  /** False: the store is handed over as it was opened. */
  readonly migrated: boolean
}

export interface TopicSpec {
  readonly topic: string
  readonly cases: readonly CaseSpec[]
}

/** One case. */
export function check(
  name: string,
  rule: readonly Rule[],
  body: CaseSpec['body'],
  more: Partial<Pick<CaseSpec, 'needs' | 'open' | 'migrated'>> = {},
): CaseSpec {
  return { name, rule, body, needs: [], open: {}, migrated: true, ...more }
}

/** The same case for each of several values; the name tells them apart. */
export function checkEach<V>(
  values: readonly V[],
  name: (value: V) => string,
  rule: readonly Rule[],
  body: (bench: Bench, value: V) => Promise<void>,
  more: Partial<Pick<CaseSpec, 'needs'>> = {},
): CaseSpec[] {
  return values.map((value) => check(name(value), rule, (bench) => body(bench, value), more))
}

/** The cases of a topic bound to an engine. */
export function bind({ topic, cases }: TopicSpec, factory: EngineFactory): ConformanceCase[] {
  return cases.map((spec) => {
    const reason = spec.needs.map((ability) => factory.cannot?.[ability]).find((text) => text !== undefined)
    return {
      topic,
      name: spec.name,
      rule: spec.rule,
      run: () => run(spec, factory),
      ...(reason === undefined ? {} : { skip: reason }),
    }
  })
}

async function run(spec: CaseSpec, factory: EngineFactory): Promise<void> {
  const bench = await Bench.open(factory, spec.open)
  try {
    if (spec.migrated) await bench.engine.migrate()
    await spec.body(bench)
  } finally {
    await bench.destroy()
  }
}
