// Which supervisor a verb speaks to: the one of the config's folder that has the name that was given.
// Promises to open no store and to import no task code. Leaves asking to src/supervisor/ask.ts.

import type { Command } from 'commander'

import { chooseLanguage } from '../base/messages/messages.ts'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { WindlassError } from '../core/errors.ts'
import { placeOf, type Place } from '../supervisor/place.ts'
import type { Cli } from './cli.ts'
import { flagsOf } from './flags.ts'

/** What every verb takes that speaks to a supervisor. */
export interface NameFlag {
  readonly name?: string
}

/** Declares it. */
export function declareName(command: Command): Command {
  return command.option('-n, --name <name>', 'name of the supervisor (default: WORKER_NAME, else worker)')
}

/** The place of the supervisor that is meant, and the settings of its config. */
export async function findPlace(
  cli: Cli,
  { name }: NameFlag,
): Promise<{ readonly place: Place; readonly settings: Settings }> {
  const flags = flagsOf(cli, { 'worker.name': name })
  const settings = await loadSettings({ config: cli.globals.config, flags })
  if (settings.lang !== null) cli.out.speak(chooseLanguage(settings.lang, {}))
  return { place: placeOf(settings.root, settings.worker.name ?? undefined), settings }
}

/** True when nobody listens at the place. */
export function isNotRunning(error: unknown): boolean {
  return error instanceof WindlassError && error.code === 'not_running'
}
