// `npm start`: runs `windlass up` on the clone's own SQLite file and shows it at work on real input; then stays up.
// With `--exit` it ends after the tour, exit 0 only if every check held; the last line says how many.

import { parseArgs } from 'node:util'
import { Windlass } from 'windlass'

import { Checks } from './checks.ts'
import { delayStep, digestFiles, killStep, priorityStep, retryStep, totals, type Tour } from './steps.ts'
import { cleanEnvironment, ROOT, System } from './system.ts'

function readOptions(): { exit: boolean } {
  try {
    const { values } = parseArgs({ options: { exit: { type: 'boolean', default: false } } })
    return { exit: values.exit }
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\nuse: npm start [-- --exit]\n`,
    )
    process.exit(2)
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A bar on a terminal, nothing elsewhere. */
function progress(done: number, total: number): void {
  if (!process.stdout.isTTY) return
  const width = Math.round((done / total) * 30)
  process.stdout.write(
    `\r     [${'#'.repeat(width)}${'.'.repeat(30 - width)}] ${done}/${total}${done === total ? '\n' : ''}`,
  )
}

async function ready(windlass: Windlass, system: System): Promise<void> {
  const until = performance.now() + 30_000
  while ((await windlass.workers()).length < 2) {
    if (system.exited || performance.now() > until) throw new Error('the system did not come up')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function tour(windlass: Windlass, checks: Checks): Promise<void> {
  const steps: Tour = { windlass, checks, print, progress }
  for (const step of [digestFiles, retryStep, priorityStep, delayStep, killStep, totals]) await step(steps)
}

async function main(): Promise<void> {
  const options = readOptions()
  print('Windlass: a tour on real input. Store: .windlass/windlass.db, two worker processes.')
  const recent: string[] = []
  const system = System.start((line) => {
    recent.push(line)
    if (recent.length > 30) recent.shift()
  })
  const checks = new Checks(print)
  let stopping = false
  const stop = (): void => {
    stopping = true
    void system.stop()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const windlass = await Windlass.open({
    config: `${ROOT}windlass.config.ts`,
    env: cleanEnvironment(),
    cwd: ROOT,
  })
  try {
    await ready(windlass, system)
    await tour(windlass, checks)
  } catch (error) {
    if (!stopping) {
      checks.check(
        false,
        `the tour ran to its end: ${error instanceof Error ? error.message : String(error)}`,
      )
      for (const line of recent) print(`     | ${line}`)
    }
  } finally {
    await windlass.close()
  }
  if (!options.exit && !stopping && checks.failed === 0) {
    print(checks.summary())
    print(
      `The system stays up. Look around with: npx windlass stats. End it with Ctrl-C (or: kill ${process.pid}).`,
    )
    await system.ended()
    return
  }
  await system.stop()
  if (stopping) return
  print(checks.summary())
  process.exitCode = checks.failed === 0 ? 0 : 1
}

await main()
