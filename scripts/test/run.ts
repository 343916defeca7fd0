/**
 * The test run itself, on the pinned Node.
 *
 * Owns the order, the limits, the seed and the last lines. One runner process per file, two at a time.
 * Promises that the exit code is 0 only if every test passed and, with `--require-all`, every engine ran.
 */
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { unprovenEngines } from './engines.ts'
import { chooseSeed, testEnvironment } from './environment.ts'
import { testFiles } from './files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MINUTE = 60_000

/** Files at a time. Tests measure seconds: more than the cores of a small machine would make them liars. */
const CONCURRENCY = 2

const args = process.argv.slice(2)
const long = args.includes('--long')
const wish = {
  seed: chooseSeed(process.env, long),
  long,
  requireAll: args.includes('--require-all'),
}
const words = args.filter((arg) => !arg.startsWith('-'))
const flags = args.filter((arg) => arg.startsWith('-') && arg !== '--long' && arg !== '--require-all')
const files = testFiles(ROOT, words)

if (files.length === 0) {
  console.error(`no test file matches ${words.join(' ')}`)
  process.exit(2)
}
console.log(`seed ${wish.seed} (repeat with WINDLASS_SEED=${wish.seed})${wish.long ? ', full counts' : ''}`)

let failed = 0
const events = run({
  cwd: ROOT,
  files: files.map((file) => join(ROOT, file)),
  concurrency: CONCURRENCY,
  // A whole file; one test in it may take as long as the flag below says, or what it asks for itself.
  timeout: (wish.long ? 180 : 10) * MINUTE,
  execArgv: ['--conditions=windlass-source', `--test-timeout=${(wish.long ? 60 : 2) * MINUTE}`, ...flags],
  env: testEnvironment(process.env, wish),
})
events.on('test:summary', ({ file, counts }) => {
  if (file === undefined) failed = counts.tests - counts.passed - counts.skipped - counts.todo
})
await pipeline(events, new spec(), process.stdout, { end: false })

const unproven = unprovenEngines()
for (const line of unproven) console.log(line)
process.exitCode = failed > 0 || (wish.requireAll && unproven.length > 0) ? 1 : 0
