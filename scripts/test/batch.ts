/**
 * One batch of test files under Node's runner: what is printed, what is counted, and how it is ended.
 */
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const LIFELINE = new URL('lifeline.ts', import.meta.url).href
const MINUTE = 60_000

export interface Batch {
  /** Folder that the files' paths start from. */
  readonly root: string
  readonly files: readonly string[]
  /** Files at a time. Tests measure seconds: many more than the cores of a small machine would make them liars. */
  readonly concurrency: number
  readonly env: NodeJS.ProcessEnv
  readonly long: boolean
  readonly flags: readonly string[]
  /** Ends the files that run. */
  readonly signal: AbortSignal
}

export interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export async function runBatch({
  root,
  files,
  concurrency,
  env,
  long,
  flags,
  signal,
}: Batch): Promise<Count> {
  let count: Count = { passed: 0, failed: 0, skipped: 0 }
  if (files.length === 0 || signal.aborted) return count
  const events = run({
    cwd: root,
    files: files.map((file) => join(root, file)),
    concurrency,
    signal,
    // A whole file; one test in it may take as long as the flag below says, or what it asks for itself.
    timeout: (long ? 180 : 10) * MINUTE,
    execArgv: [
      '--conditions=windlass-source',
      `--import=${LIFELINE}`,
      `--test-timeout=${(long ? 60 : 2) * MINUTE}`,
      ...flags,
    ],
    env: { ...env, WINDLASS_TEST_RUNNER: String(process.pid) },
  })
  events.on('test:summary', ({ file, counts }) => {
    if (file !== undefined) return
    const skipped = counts.skipped + counts.todo
    count = { passed: counts.passed, skipped, failed: counts.tests - counts.passed - skipped }
  })
  await pipeline(events, new spec(), process.stdout, { end: false })
  return count
}
