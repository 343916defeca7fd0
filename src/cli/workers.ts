// `windlass workers`: live worker sessions, and what each runs now.

import type { Command } from 'commander'

import type { WorkerJson } from '../client/queues.ts'
import { formatDuration } from '../core/duration.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { oneLine, type Output } from './output.ts'
import { formatTable } from './table.ts'

export function define(command: Command, cli: Cli): void {
  command.action(async () => {
    const workers = await withWindlass(cli, (windlass) => windlass.workers())
    cli.out.answer({ workers }, () => forPeople(workers, cli.out))
  })
}

function forPeople(workers: readonly WorkerJson[], out: Output): string {
  if (workers.length === 0) return out.say('workers.none')
  return formatTable(
    [
      { title: out.say('head.worker'), most: 40 },
      { title: out.say('head.host'), most: 30 },
      { title: out.say('head.pid'), align: 'right' },
      { title: out.say('head.queues'), most: 40 },
      { title: out.say('head.running'), align: 'right' },
      { title: out.say('head.seen'), align: 'right' },
      { title: '' },
    ],
    workers.map((worker) => [
      oneLine(worker.name),
      oneLine(worker.host),
      String(worker.pid),
      oneLine(worker.queues?.join(',') ?? out.say('workers.all')),
      `${worker.running.length}/${worker.concurrency}`,
      out.say('workers.ago', { time: formatDuration(Math.max(0, Date.now() - Date.parse(worker.seen_at))) }),
      worker.draining ? out.say('workers.draining') : '',
    ]),
    (head) => out.style('bold', head),
  )
}
