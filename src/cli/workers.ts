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
  if (workers.length === 0) return 'no live workers; windlass up starts some'
  return formatTable(
    [
      { title: 'worker', most: 40 },
      { title: 'host', most: 30 },
      { title: 'pid', align: 'right' },
      { title: 'queues', most: 40 },
      { title: 'running', align: 'right' },
      { title: 'seen', align: 'right' },
      { title: '' },
    ],
    workers.map((worker) => [
      oneLine(worker.name),
      oneLine(worker.host),
      String(worker.pid),
      oneLine(worker.queues?.join(',') ?? 'all'),
      `${worker.running.length}/${worker.concurrency}`,
      `${formatDuration(Math.max(0, Date.now() - Date.parse(worker.seen_at)))} ago`,
      worker.draining ? 'draining' : '',
    ]),
    (head) => out.style('bold', head),
  )
}
