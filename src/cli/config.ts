// `windlass config`: every setting with its value and where it comes from, secrets masked.
// Reads the same sources as every other verb and opens nothing. Leaves what settings there are to src/config.

import type { Command } from 'commander'

import { chooseLanguage } from '../base/messages/messages.ts'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import type { Cli } from './cli.ts'
import { flagsOf } from './flags.ts'
import { maskSecrets } from '../core/secrets.ts'
import { oneLine } from './output.ts'
import { formatTable } from './table.ts'

export function define(command: Command, cli: Cli): void {
  command.action(async () => {
    const settings = await loadSettings({ config: cli.globals.config, flags: flagsOf(cli) })
    const { file, origins, notes, lang } = settings
    if (lang !== null) cli.out.speak(chooseLanguage(lang, {}))
    cli.out.answer({ file, settings: origins, notes: notes.map(maskSecrets) }, () => forPeople(settings, cli))
  })
}

function forPeople({ file, origins, notes }: Settings, cli: Cli): string {
  const table = formatTable(
    [
      { title: cli.out.say('head.setting') },
      { title: cli.out.say('head.value'), most: 60 },
      { title: cli.out.say('head.from') },
    ],
    origins.map(({ key, value, origin }) => [key, oneLine(showValue(value)), origin]),
    (head) => cli.out.style('bold', head),
  )
  const where = file === null ? cli.out.say('config.none') : cli.out.say('config.file', { file })
  return [where, ...notes.map((note) => cli.out.say('note', { note: maskSecrets(note) })), '', table].join(
    '\n',
  )
}

function showValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
