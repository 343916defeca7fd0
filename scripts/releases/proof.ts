/**
 * Proving Windlass on one release: its tests on servers that they start from the release's own programs, or that it
 * is refused.
 *
 * Leaves which releases there are to releases.ts, and what becomes of the findings to main.ts. No server outlives it.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WindlassError } from '../../src/core/errors.ts'
import { openEngine } from '../../src/engines/open.ts'
import type { EngineResult } from '../../test/engines/results.ts'
import type { EngineKind } from '../test/servers/kind.ts'
import { Servers } from '../test/servers/servers.ts'
import type { Release } from './releases.ts'

const RUN = fileURLToPath(new URL('../test/run.ts', import.meta.url))

/** What was found of a release. */
export interface Finding {
  readonly ok: boolean
  /** In words, for a terminal. */
  readonly says: string
  /** Of the conformance suite; null: not everything passed. */
  readonly result: EngineResult | null
}

/** How the tests find the programs of these folders, and no others. */
function environment(programs: readonly string[]): NodeJS.ProcessEnv {
  const given = Object.entries(process.env).filter(([name]) => !/^WINDLASS_TEST_\w+_URL$/.test(name))
  return {
    ...Object.fromEntries(given),
    WINDLASS_TEST_PROGRAMS: programs.join(delimiter),
    WINDLASS_NO_APT: '1',
  }
}

/**
 * Runs the engine's tests: conformance, transactions, plans and what else is in test/engines, and the model test.
 * Where one fails, the log stays and is named.
 * @param programs folders of the release's programs
 * @param signal ends them early, servers included
 */
export async function prove(
  { engine }: Release,
  programs: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-release-'))
  const log = join(folder, 'log')
  const env = { ...environment(programs), WINDLASS_TEST_RESULTS: folder }
  const status = await runTests(engine, env, log, signal)
  const tests = /^\d+ passed, \d+ failed, \d+ skipped$/m.exec(readFileSync(log, 'utf8'))?.[0]
  if (signal.aborted) rmSync(folder, { recursive: true })
  if (status !== 0) return { ok: false, says: `${tests ?? 'not run to the end'}: ${log}`, result: null }
  const found = readFileSync(join(folder, `${engine}.json`), 'utf8')
  rmSync(folder, { recursive: true })
  const result = JSON.parse(found) as EngineResult
  const { product, version, passed, cases } = result
  const says = `${product} ${version}, ${passed} of ${cases} cases of the suite; all tests: ${tests ?? 'none'}`
  return { ok: true, says, result }
}

/** The exit code; null: a signal ended it. */
async function runTests(
  engine: EngineKind,
  env: NodeJS.ProcessEnv,
  log: string,
  signal: AbortSignal,
): Promise<number | null> {
  const file = openSync(log, 'w')
  const args = [
    '--conditions=windlass-source',
    RUN,
    '--engine',
    engine,
    `engines/${engine}`,
    `model/${engine}`,
  ]
  // A session of its own: Ctrl-C reaches it once, from here.
  const child = spawn(process.execPath, args, { stdio: ['ignore', file, file], env, signal, detached: true })
  closeSync(file)
  child.on('error', () => undefined)
  return new Promise((resolve) => child.on('close', resolve))
}

/** Opens a server that is too old; fine is only that the engine refuses it for that. */
export async function proveRefused({ engine }: Release, programs: readonly string[]): Promise<Finding> {
  const servers = new Servers(undefined, environment(programs))
  try {
    const { url } = await servers.start(engine)
    const opened = await openEngine(url).catch((error: unknown) => error)
    if (opened instanceof WindlassError)
      return { ok: opened.code === 'engine_too_old', says: `${opened.code}: ${opened.message}`, result: null }
    if (opened instanceof Error) throw opened
    return { ok: false, says: 'it was not refused', result: null }
  } finally {
    await servers.close()
  }
}
