// Looks for a program on which an engine and the model differ, makes it short, and says how to run it again.
// Promises: kept programs run first; a search is repeated by its seed and path; a search that hardly saw anything
// fails as vacuous. Leaves running one program to run.ts.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'

import fc from 'fast-check'

import { programs, type Step } from './program.ts'
import { Difference, runProgram, type Bench } from './run.ts'

/** Longest time for making a failing program short, ms. */
const SHRINK_WITHIN = 60_000
const KEPT = new URL('regressions/', import.meta.url)

/** What a search must have seen to count: the branches where engines go wrong. */
const MUST_SEE = [
  'enqueue created',
  'enqueue existing',
  'enqueue conflict',
  'enqueue duplicate',
  'claim taken',
  'claim by the dead',
  'settle applied',
  'settle already',
  'settle lost',
  'follow-ups',
  'rescued',
  'declared dead',
  'sweep expired',
  'sweep promoted',
  'cancel requested',
  'delete done',
]
/** Rarer: asked of searches that are long enough. */
const MUST_SEE_IN_LONG = [
  'claim repeated',
  'heartbeat lost',
  'heartbeat unclaimed',
  'overdued',
  'requeue done',
  'sweep purged',
  'tick fired',
]
const LONG = 500

export interface Search {
  readonly bench: Bench
  /** Name for messages. */
  readonly engine: string
  readonly seed: number
  readonly runs: number
  /** Ends the search in time on a slow machine, ms. */
  readonly within: number
  /** It goes on, however slow the machine is, until it has seen what matters. */
  readonly sees: boolean
  /** Path of fast-check into the search, from an earlier message. */
  readonly path?: string
}

/** The seed of this run of the tests. */
export function seedOf(environment: NodeJS.ProcessEnv): number {
  const asked = Number(environment['WINDLASS_SEED'] ?? Number.NaN)
  return Number.isSafeInteger(asked) ? asked | 0 : Math.floor(Math.random() * 2 ** 31)
}

/** The programs that once failed, by file name. */
export function keptPrograms(): readonly { readonly name: string; readonly program: Step[] }[] {
  const files = readdirSync(KEPT).filter((name) => name.endsWith('.json'))
  return files.toSorted().map((name) => ({ name, program: readProgram(new URL(name, KEPT)) }))
}

/** Reads a program from a file as a failure prints it. */
export function readProgram(file: URL | string): Step[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Step[]
}

/**
 * Searches.
 * @returns what was seen, by name
 * @throws when a program fails, with the shortest one that was found
 */
export async function search(options: Search): Promise<ReadonlyMap<string, number>> {
  const { bench, seed, runs, path } = options
  const seen = new Map<string, number>()
  // Past the end every program passes unseen: that ends a search as well as a shrinking.
  let end = performance.now() + options.within
  const isOver = (): boolean =>
    performance.now() > end && (!options.sees || seen.has('failures') || missed(seen).length === 0)
  const property = fc.asyncProperty(programs(60), async (program) => {
    if (isOver()) return
    try {
      await runProgram(bench, program, seen)
    } catch (error) {
      if (!seen.has('failures')) end = performance.now() + SHRINK_WITHIN
      seen.set('failures', (seen.get('failures') ?? 0) + 1)
      throw error
    }
    seen.set('programs', (seen.get('programs') ?? 0) + 1)
  })
  const outcome = await fc.check(property, { seed, numRuns: runs, ...(path === undefined ? {} : { path }) })
  const found = outcome.counterexample?.[0]
  if (outcome.failed && found !== undefined) {
    const short = await shorten(bench, found)
    assert.fail(story(options, outcome.counterexamplePath ?? '', short, await failureOf(bench, short)))
  }
  return seen
}

/** Fails a search in which a branch that matters never came up. */
export function assertSeen(seen: ReadonlyMap<string, number>): void {
  assert.deepEqual(missed(seen), [], 'the search never saw these, so it proves nothing about them')
}

function missed(seen: ReadonlyMap<string, number>): readonly string[] {
  const wanted = (seen.get('programs') ?? 0) < LONG ? MUST_SEE : [...MUST_SEE, ...MUST_SEE_IN_LONG]
  return wanted.filter((what) => !seen.has(what))
}

/** Leaves out steps as long as the rest still fails. */
async function shorten(bench: Bench, program: readonly Step[]): Promise<Step[]> {
  let short = [...program]
  for (let size = Math.max(1, short.length >> 1); size >= 1; size >>= 1) {
    for (let from = short.length - size; from >= 0; from--) {
      const without = [...short.slice(0, from), ...short.slice(from + size)]
      if (without.length > 0 && (await failureOf(bench, without)) !== null) short = without
    }
  }
  return short
}

async function failureOf(bench: Bench, program: readonly Step[]): Promise<Difference | null> {
  try {
    await runProgram(bench, program)
    return null
  } catch (error) {
    if (error instanceof Difference) return error
    throw error
  }
}

function story(
  { engine, seed }: Search,
  path: string,
  program: readonly Step[],
  failure: Difference | null,
): string {
  const steps = program.map((step) => JSON.stringify(step)).join(',\n  ')
  return [
    `the ${engine} engine and the model differ; the shortest program found, ${program.length} steps:`,
    `[\n  ${steps}\n]`,
    failure?.message ?? 'the short program passes when it is run again',
    `again: WINDLASS_SEED=${seed} WINDLASS_TEST_PATH=${path} npm test -- test/model/${engine}`,
    `or save the program and: WINDLASS_TEST_PROGRAM=<file> npm test -- test/model/${engine}`,
    `keep it as test/model/regressions/<what it shows>.json when it is mended`,
  ].join('\n')
}
