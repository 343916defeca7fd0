// What `npm run bench -- …` is told. Promises that what it does not know ends with one line and 2, and `--help` with 0,
// before anything is started. Leaves whether an engine of that name is there to main.ts.

import { Command } from 'commander'

export interface BenchArguments {
  /** Names of engines; null: all. */
  readonly engines: readonly string[] | null
  readonly quick: boolean
  readonly json: boolean
  /** Parts of the names of what is measured; none: everything. */
  readonly only: readonly string[]
}

interface Options {
  readonly engine?: readonly string[]
  readonly quick?: boolean
  readonly json?: boolean
  readonly only?: readonly string[]
}

const collect = (one: string, others: readonly string[] = []): string[] => [...others, one]

/** Reads the arguments of this process; ends it where they are wrong, or ask for help. */
export function readArguments(): BenchArguments {
  const { engine, quick, json, only } = new Command('npm run bench --')
    .description('Measures every engine beside the same work by hand and beside its peers.')
    .option('--engine <name>', 'this engine only (may be repeated)', collect)
    .option('--quick', 'smaller, within a minute or two; installs nothing, never fails for a figure')
    .option('--json', 'one JSON document instead of a table')
    .option('--only <text>', 'scenarios and figures whose name holds it (may be repeated)', collect)
    .showSuggestionAfterError(false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
    .opts<Options>()
  return { engines: engine ?? null, quick: quick === true, json: json === true, only: only ?? [] }
}
