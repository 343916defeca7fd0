// `windlass selftest`: tries the configured system with a worker of its own, in a namespace of its own beside what is
// there, and removes both. Exit 0 when every step is right, 1 when one is not, 4 when the store cannot be reached.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Command } from 'commander'

import { silentLog } from '../base/log.ts'
import { maskSecrets } from '../core/secrets.ts'
import type { Settings } from '../config/settings.ts'
import { WindlassError } from '../core/errors.ts'
import { dropTrial, withNamespace } from '../engines/namespaces.ts'
import { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { sqliteFile } from './doctor-facts.ts'
import { EXIT, tellFailure } from './exit-codes.ts'
import { openWindlass } from './open.ts'
import { printable } from './output.ts'
import { selftestSteps, type Step } from './selftest-steps.ts'
import { listenToStop } from './stop-signals.ts'

interface StepJson {
  readonly step: string
  readonly ok: boolean
  readonly ms: number
  /** Why not; null: it is right. */
  readonly error: string | null
}

export function define(command: Command, cli: Cli): void {
  command.argument('[part]', 'what to try: engine', 'engine').action(async (part: string) => {
    if (part !== 'engine')
      throw new WindlassError(
        'invalid_option',
        `selftest tries \`engine\` in this version, not ${JSON.stringify(part)}`,
      )
    await selftest(cli, (await openWindlass(cli)).settings)
  })
}

async function selftest(cli: Cli, settings: Settings): Promise<void> {
  const stop = listenToStop()
  const stopped = stop.asked.then((why) => {
    throw new Error(`stopped: ${why}`)
  })
  // Nobody may be waiting for it when it comes.
  stopped.catch(() => {})
  const url = withNamespace(settings.engine.url, `trial_${randomBytes(5).toString('hex')}`)
  const file = sqliteFile(settings.engine.url)
  const isNew = file !== null && !existsSync(file)
  const windlass = new Windlass(
    {},
    {
      settings: { ...settings, engine: { ...settings.engine, url }, migrate: true, middleware: [] },
      log: silentLog,
      loadTasks: false,
    },
  )
  const steps: StepJson[] = []
  const take = async (step: Step): Promise<void> => {
    steps.push(await timed(step))
  }
  try {
    await windlass.engine()
    for (const step of selftestSteps(windlass)) {
      if (steps.every(({ ok }) => ok)) await take({ ...step, run: () => Promise.race([step.run(), stopped]) })
    }
  } finally {
    await take({ name: 'remove', run: () => remove(windlass, url, isNew) })
  }
  answer(cli, settings, steps)
}

/** A worker that stops waits for what it runs; then nothing of ours is left in the store. */
async function remove(windlass: Windlass, url: string, isNew: boolean): Promise<void> {
  await windlass.close()
  await dropTrial(url, { store: isNew })
}

async function timed({ name, run }: Step): Promise<StepJson> {
  const since = performance.now()
  const done = (error: string | null): StepJson => {
    const ms = Math.round((performance.now() - since) * 10) / 10
    return { step: name, ok: error === null, ms, error }
  }
  try {
    await run()
    return done(null)
  } catch (error) {
    return done(
      error instanceof Error && !(error instanceof WindlassError)
        ? error.message
        : tellFailure(error, null).message,
    )
  }
}

function answer(cli: Cli, settings: Settings, steps: readonly StepJson[]): void {
  const { out } = cli
  const ok = steps.every((step) => step.ok)
  cli.exit = ok ? EXIT.ok : EXIT.failure
  const engine = maskSecrets(settings.engine.url)
  out.answer({ ok, engine, steps }, () =>
    [
      engine,
      ...steps.map(({ step, ok, ms, error }) => {
        const mark = ok ? out.style('green', 'ok   ') : out.style('red', out.say('doctor.wrong'))
        return `${mark}  ${step}  ${ms} ms${error === null ? '' : `  ${printable(error)}`}`
      }),
      '',
      out.say(ok ? 'selftest.ok' : 'selftest.failed'),
    ].join('\n'),
  )
}
