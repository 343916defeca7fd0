/**
 * Engines and clients for the tests of the client.
 *
 * Owns: opening each engine that always runs here (memory, SQLite in a temporary folder), a wrapper that records and
 * disturbs engine calls, and endings of tasks without a worker. Leaves every expectation to the tests.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { Client, type ClientOptions } from '../../src/client/client.ts'
import { Codecs } from '../../src/core/codec.ts'
import type { Engine } from '../../src/core/engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import type { Outcome } from '../../src/core/hot-verbs.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import type { TaskType } from '../../src/core/task-type.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newSession } from '../../src/testing/samples.ts'

const ENGINES = ['memory', 'sqlite'] as const

/** One test for each engine that always runs; the engine is migrated, and closed afterwards. */
export function onEachEngine(name: string, run: (engine: Engine, t: TestContext) => Promise<void>): void {
  for (const kind of ENGINES) {
    test(`${name} (${kind})`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'windlass-client-'))
      const engine = await openEngine(kind === 'memory' ? 'memory:' : `sqlite:${join(folder, 'w.db')}`)
      try {
        await engine.migrate()
        await run(engine, t)
      } finally {
        await engine.close()
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
}

/** A client on an engine that is open already. */
export function clientOn(
  engine: Engine,
  options: Partial<ClientOptions> & { list?: TaskType[] } = {},
): Client {
  const { list = [], ...rest } = options
  return new Client({
    engine: () => Promise.resolve(engine),
    types: () => Promise.resolve(new Map(list.map((type) => [type.name, type]))),
    enqueuer: { codecs: new Codecs(), payloadBytes: 256 * 1024, origin: 'client', bareUnit: 1 },
    redact: [],
    deadline: 5_000,
    ...rest,
  })
}

export interface Recorded {
  readonly verb: string
  readonly args: readonly unknown[]
}

/** Called before and after each engine call; what it throws is what the caller gets. */
export interface Disturbance {
  before?(call: Recorded, index: number): void
  after?(call: Recorded, index: number): void
}

type Verb = (...args: unknown[]) => unknown

/** The same engine, with every call written down, and disturbed if asked for. */
export function record(engine: Engine, disturb: Disturbance = {}): { engine: Engine; calls: Recorded[] } {
  const calls: Recorded[] = []
  const wrap = <T extends object>(target: T, path: string): T =>
    new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key)
        const verb = `${path}${String(key)}`
        if (['records', 'documents', 'journal', 'schedules'].includes(verb))
          return wrap(value as object, `${verb}.`)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          const call: Recorded = { verb, args }
          const index = calls.filter((one) => one.verb === verb).length
          calls.push(call)
          disturb.before?.(call, index)
          const answer = (value as Verb).apply(target, args)
          if (disturb.after === undefined || !(answer instanceof Promise)) return answer
          return answer.then((given: unknown) => {
            disturb.after?.(call, index)
            return given
          })
        }
      },
    })
  return { engine: wrap(engine, ''), calls }
}

/** Claims up to `limit` tasks under a new session, which lives on. */
export async function claimSome(
  engine: Engine,
  limit = 100,
  queues: string[] | null = null,
): Promise<readonly TaskRecord[]> {
  const session = newSession({ types: ['sample'], queues })
  await engine.startSession([session])
  const [reply] = await engine.claim([{ session: session.id, claimId: mintToken(), queues, limit }])
  return reply?.tasks ?? []
}

/** Ends claimed tasks in one way. */
export async function settleAll(
  engine: Engine,
  tasks: readonly TaskRecord[],
  outcome: Outcome,
): Promise<void> {
  await engine.settle(
    tasks.map(({ id, claim }) => ({
      id,
      claim: claim ?? '',
      guard: 'claim',
      outcome,
      followUps: [],
      logs: [],
    })),
  )
}
