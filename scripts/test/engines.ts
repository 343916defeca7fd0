/**
 * Which engines need a server, which files prove them, and what is said when one could not be proven.
 *
 * Memory and SQLite need nothing but Node, so they always run. An engine with a server runs where its URL is
 * given or a server can be had; it must run where it was named, where its program is on the machine, and under
 * `--require-all`. Leaves getting servers to servers/.
 */
import { basename } from 'node:path/posix'
import type { EngineKind } from './servers/kind.ts'
import { KINDS } from './servers/kinds.ts'
import { ServerFailure, type Servers } from './servers/servers.ts'

/** A file belongs to the engine that its name begins with: test/engines/postgres.test.ts, redis-eviction.test.ts. */
const FILES = /^(postgres|mysql|redis)\b.*\.test\.ts$/

const ALWAYS = ['memory', 'sqlite']

/** `WINDLASS_TEST_POSTGRES_URL` and the like: where a test finds its server. */
export function variableOf(engine: EngineKind): string {
  return `WINDLASS_TEST_${engine.toUpperCase()}_URL`
}

/** The engine whose server this test file needs; null: it needs none. */
export function engineOf(file: string): EngineKind | null {
  const name = FILES.exec(basename(file.replaceAll('\\', '/')))?.[1]
  return name === undefined ? null : (name as EngineKind)
}

export function enginesOf(files: readonly string[]): EngineKind[] {
  return [...new Set(files.flatMap((file) => engineOf(file) ?? []))]
}

/** A sentence about names after `--engine` that mean nothing here; null: all are fine. */
export function complain(named: readonly string[], present: readonly EngineKind[]): string | null {
  const known = [...ALWAYS, ...present]
  const strange = named.find((name) => !known.includes(name))
  if (strange === undefined) return null
  return `--engine ${strange}: no test file that was picked is for it (there are ${known.join(', ')})`
}

/** What became of one engine: a URL, or why there is none and whether that fails the run. */
export type Footing =
  | { readonly engine: EngineKind; readonly url: string }
  | { readonly engine: EngineKind; readonly url: null; readonly why: Why; readonly must: boolean }

export interface Why {
  /** False: a server is here, and does not start. */
  readonly missing: boolean
  readonly says: string
}

/** Gets every engine a server; never throws. `servers` is made at the first that has to be started. */
export function findFooting(
  engines: readonly EngineKind[],
  given: NodeJS.ProcessEnv,
  must: (engine: EngineKind) => boolean,
  servers: () => Pick<Servers, 'start'>,
): Promise<Footing[]> {
  return Promise.all(
    engines.map(async (engine): Promise<Footing> => {
      const url = given[variableOf(engine)] ?? ''
      if (url !== '') return { engine, url }
      try {
        return { engine, url: (await servers().start(engine)).url }
      } catch (error) {
        const missing = error instanceof ServerFailure && error.missing
        const says = error instanceof Error ? error.message : String(error)
        return { engine, url: null, why: { missing, says }, must: !missing || must(engine) }
      }
    }),
  )
}

/** The variables with which tests reach the servers. */
export function urlsOf(footings: readonly Footing[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    footings.flatMap(({ engine, url }) => (url === null ? [] : [[variableOf(engine), url] as const])),
  )
}

/** A line for each engine that was not proven. */
export function tellUnproven(footings: readonly Footing[]): string[] {
  return footings.flatMap((one) => {
    if (one.url !== null) return []
    const { missing, says } = one.why
    const install = `apt-get install ${KINDS[one.engine].packages.join(' ')}`
    const mend = `${missing ? `${install}, or ` : ''}set ${variableOf(one.engine)}`
    const what = missing ? `missing; mend: ${mend}; ${says}` : `does not start; mend: ${mend}; ${says}`
    return [`NOT PROVEN HERE: ${one.engine} (${what})`]
  })
}
