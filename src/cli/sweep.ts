// `windlass sweep`: the upkeep of the store, once, by hand: tasks of dead workers come back, due tasks become ready, the
// expired are cancelled, what is kept too long goes. Never declares a silent worker dead: workers do that.

import type { Command } from 'commander'

import { sweepOnce, type SweepCounts } from '../worker/sweep-once.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { printable } from './output.ts'
import { formatFacts } from './table.ts'

export function define(command: Command, cli: Cli): void {
  command.action(async () => {
    const counts = await withWindlass(cli, async (windlass) =>
      sweepOnce({
        engine: await windlass.engine(),
        keepCount: windlass.settings.keepCount,
        keepBytes: windlass.settings.keepBytes,
        tell: (news) => {
          if (news.kind !== 'log') return
          const task = 'task' in news.fields ? `${String(news.fields.task)}: ` : ''
          cli.out.note(printable(`${task}${cli.out.texts.of(news.message)}`))
        },
      }),
    )
    cli.out.answer(counts, () => forPeople(cli, counts))
  })
}

function forPeople({ out }: Cli, counts: SweepCounts): string {
  return formatFacts([
    [out.say('sweep.rescued'), `${counts.rescued} / ${counts.orphans}`],
    [out.say('sweep.promoted'), String(counts.promoted)],
    [out.say('sweep.expired'), String(counts.expired)],
    [out.say('sweep.purged'), String(counts.purged)],
    [out.say('sweep.overdue'), counts.overdue === 0 ? null : String(counts.overdue)],
  ])
}
