// `windlass alerts`: which alerts fire now and since when, and with --history what was told. Looks only: schedulers
// check. Promises to say when nobody does.

import type { Command } from 'commander'

import { readHistory, viewAlerts, type AlertsJson } from '../toolbox/alert-view.ts'
import type { AlertNotice } from '../toolbox/alert-words.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { printable, type Output } from './output.ts'
import { formatTable } from './table.ts'
import { readWhole } from './values.ts'

const SHOWN = 20
const MOST = 1_000

export function define(command: Command, cli: Cli): void {
  command
    .option('--history', 'also what was told, the newest first')
    .option('--limit <n>', 'with --history: how many', String(SHOWN))
    .action(async (flags: { readonly history?: boolean; readonly limit: string }) => {
      const limit = readWhole(flags.limit, '--limit', 1, MOST)
      await withWindlass(cli, async (windlass) => {
        const engine = await windlass.engine()
        const view = await viewAlerts(engine)
        const history = flags.history === true ? await readHistory(engine, limit) : null
        cli.out.answer({ ...view, ...(history === null ? {} : { history }) }, () =>
          [checkingLine(view, cli.out), alertTable(view, cli.out), historyTable(history, cli.out)]
            .filter((text) => text !== '')
            .join('\n\n'),
        )
      })
    })
}

function checkingLine({ checking, checked_at: at, alerts }: AlertsJson, out: Output): string {
  if (checking === 'on') return alerts.some(({ firing }) => firing) ? '' : out.say('alerts.quiet')
  const line = out.say(`alerts.${checking}`, { time: at ?? '–' })
  return checking === 'late' ? out.style('red', line) : line
}

function alertTable({ alerts }: AlertsJson, out: Output): string {
  if (alerts.length === 0) return ''
  return formatTable(
    [{ title: out.say('head.alert') }, { title: out.say('head.since') }, { title: '', most: 120 }],
    alerts.map(({ alert, firing, since, text }) => [
      firing ? out.style('red', alert) : alert,
      since === null ? '–' : short(since),
      firing ? printable(out.texts.of(text)) : out.style('green', out.say('alerts.ok')),
    ]),
    (head) => out.style('bold', head),
  )
}

function historyTable(history: readonly AlertNotice[] | null, out: Output): string {
  if (history === null) return ''
  if (history.length === 0) return out.say('alerts.no_history')
  return formatTable(
    [
      { title: out.say('head.at') },
      { title: out.say('head.alert') },
      { title: out.say('head.outcome') },
      { title: '', most: 120 },
    ],
    history.map(({ at, alert, event, text }) => [
      short(at),
      alert,
      out.say(`alerts.${event}`),
      printable(out.texts.of(text)),
    ]),
    (head) => out.style('bold', head),
  )
}

function short(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
