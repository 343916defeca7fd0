// Opening the configured system for a verb, and closing it whatever happens.
// Promises that verbs which only look never import task code, and that a store out of reach is told at once instead
// of after the client's patience. Leaves all work to src/windlass.ts.

import { chooseLanguage } from '../base/messages/messages.ts'
import { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { flagsOf } from './flags.ts'
import { maskSecrets } from '../core/secrets.ts'

export interface Opening {
  /** Options of the verb that are settings, by dotted path. */
  readonly flags?: Readonly<Record<string, string | undefined>>
  /** True: names of task types are looked up in the config's task code. */
  readonly tasks?: boolean
  /** What the process does as long as it lives; default `cli`. */
  readonly program?: string
}

/** The system that the global options mean. Nothing is connected yet. */
export async function openWindlass(cli: Cli, opening: Opening = {}): Promise<Windlass> {
  const windlass = await Windlass.open({
    config: cli.globals.config,
    flags: flagsOf(cli, opening.flags),
    origin: 'cli',
    program: opening.program ?? 'cli',
    ...(opening.tasks === true ? {} : { loadTasks: false }),
  })
  const { lang } = windlass.settings
  if (lang !== null) cli.out.speak(chooseLanguage(lang, {}))
  if (cli.globals.verbose)
    for (const note of windlass.settings.notes) cli.out.note(cli.out.say('note', { note: maskSecrets(note) }))
  return windlass
}

/** Connects to the store, uses the system, closes it. */
export async function withWindlass<T>(cli: Cli, use: (windlass: Windlass) => Promise<T>): Promise<T> {
  const windlass = await openWindlass(cli)
  try {
    await windlass.engine()
    return await use(windlass)
  } finally {
    await windlass.close()
  }
}
