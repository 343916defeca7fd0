// `windlass selftest`: tries the configured system with a worker of its own, in a namespace of its own beside what is
// there, and removes both. Exit 0 when every step is right, 1 when one is not, 4 when the store cannot be reached.

import type { Command } from 'commander'

import { maskSecrets } from '../core/secrets.ts'
import type { Settings } from '../config/settings.ts'
import { WindlassError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { EXIT, tellFailure } from './exit-codes.ts'
import { openWindlass } from './open.ts'
import { printable } from './output.ts'
import { selftestSteps, type Step } from './selftest-steps.ts'
import { listenToStop } from './stop-signals.ts'
import { openTrial } from './trial.ts'

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
  const trial = openTrial(settings)
  const { windlass } = trial
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
    await take({ name: 'remove', run: () => trial.remove() })
  }
  answer(cli, settings, steps)
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
