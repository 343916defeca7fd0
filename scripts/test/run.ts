/**
 * The test run itself, on the pinned Node.
 *
 * Owns the order, the seed and the last lines: first what needs no server, meanwhile servers are started, then
 * the engines that have one. Promises that the exit code is 0 only if every test passed and every engine that
 * must run did, and that no server outlives the run, also one that is interrupted or killed.
 */
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from './arguments.ts'
import { runBatch } from './batch.ts'
import { complain, engineOf, enginesOf, findFooting, tellUnproven, urlsOf } from './engines.ts'
import { chooseSeed, testEnvironment } from './environment.ts'
import { testFiles } from './files.ts'
import { Servers } from './servers/servers.ts'

/** Elsewhere where the run itself is tested. */
const root = process.env['WINDLASS_TEST_ROOT'] ?? fileURLToPath(new URL('../..', import.meta.url))

const { long, requireAll, engines: named, words, flags } = readArguments(process.argv.slice(2))
const files = testFiles(root, words)
const wrong =
  files.length === 0 ? `no test file matches ${words.join(' ')}` : complain(named, enginesOf(files))
if (wrong !== null) {
  console.error(wrong)
  process.exit(2)
}

const seed = chooseSeed(process.env, long)
console.log(`seed ${seed} (repeat with WINDLASS_SEED=${seed})${long ? ', full counts' : ''}`)

const interrupted = new AbortController()
let servers: Servers | null = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal]
    interrupted.abort()
  })
}

const env = {
  ...testEnvironment(process.env, { seed, long, requireAll }),
  // Hundreds of processes load the same modules; to strip types and compile anew is most of what a short one does.
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compile'),
}
const batch = { root, long, flags, signal: interrupted.signal }
const footing = findFooting(
  enginesOf(files),
  process.env,
  (engine) => requireAll || named.includes(engine),
  () => (servers ??= new Servers((line) => console.log(line))),
)
const first = await runBatch({
  ...batch,
  env,
  concurrency: 2,
  files: files.filter((file) => engineOf(file) === null),
})
const footings = interrupted.signal.aborted ? [] : await footing
const second = await runBatch({
  ...batch,
  env: { ...env, ...urlsOf(footings) },
  // They wait for servers half of their time.
  concurrency: 3,
  files: files.filter((file) =>
    footings.some(({ engine, url }) => url !== null && engine === engineOf(file)),
  ),
})
await (servers as Servers | null)?.close()

const failed = first.failed + second.failed
const skipped = first.skipped + second.skipped
console.log(`${first.passed + second.passed} passed, ${failed} failed, ${skipped} skipped`)
for (const line of tellUnproven(footings)) console.log(line)
const unmet = footings.some((one) => one.url === null && one.must)
if (process.exitCode === undefined) process.exitCode = failed > 0 || unmet ? 1 : 0
