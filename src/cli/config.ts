// `windlass config`: every setting with its value and where it comes from, secrets masked.
// Reads the same sources as every other verb and opens nothing. Leaves what settings there are to src/config.

import type { Command } from 'commander'

import { chooseLanguage } from '../base/messages/messages.ts'
import { loadSettings } from '../config/load.ts'
import type { Origin } from '../config/origin.ts'
import type { Settings } from '../config/settings.ts'
import { formatDuration, parseDuration } from '../core/duration.ts'
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
    origins.map((one) => [one.key, oneLine(showValue(one)), one.origin]),
    (head) => cli.out.style('bold', head),
  )
  const where = file === null ? cli.out.say('config.none') : cli.out.say('config.file', { file })
  return [where, ...notes.map((note) => cli.out.say('note', { note: maskSecrets(note) })), '', table].join(
    '\n',
  )
}

function showValue({ value, unit }: Pick<Origin, 'value' | 'unit'>): string {
  if (unit === 'ms' && typeof value === 'number') return showTime(value)
  if (unit === 'ms' && Array.isArray(value))
    return value.map((one) => showValue({ value: one, unit })).join(',')
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** As it can be written in a config: `30s`; whole where a rounded one would be another. */
function showTime(ms: number): string {
  const text = formatDuration(ms).replace(' ', '')
  return parseDuration(text, 'time') === ms ? text : `${ms}ms`
}
