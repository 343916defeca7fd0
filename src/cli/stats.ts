// `windlass stats`: tasks per queue and state; with --watch again and again (one JSON object a line with --json).

import type { Command } from 'commander'

import { sleep, systemClock } from '../base/clock.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { queueTable } from './queue-text.ts'
import { listenToStop } from './stop-signals.ts'
import { readSeconds } from './values.ts'

const HOME_AND_CLEAR = '\u001B[H\u001B[J'

export function define(command: Command, cli: Cli): void {
  command
    .option('--watch', 'look again and again, until Ctrl-C')
    .option('--every <duration>', 'with --watch: how often', '2')
    .action(async (options: { watch?: boolean; every: string }) => {
      const every = Math.max(100, readSeconds(options.every, '--every'))
      await withWindlass(cli, async (windlass) => {
        if (options.watch === true) return watch(cli, windlass, every)
        const queues = await windlass.stats()
        cli.out.answer({ queues }, () => queueTable(queues, cli.out))
      })
    })
}

async function watch(cli: Cli, windlass: Windlass, every: number): Promise<void> {
  const end = new AbortController()
  const stop = listenToStop()
  cli.out.onReaderGone(() => stop.ask('nobody reads'))
  void stop.asked.then(() => end.abort())
  while (!end.signal.aborted) {
    const queues = await windlass.stats()
    const table = cli.out.json ? JSON.stringify({ queues }) : queueTable(queues, cli.out)
    cli.out.print(cli.out.terminal ? `${HOME_AND_CLEAR}${table}` : table)
    await sleep(systemClock, every, end.signal)
  }
}
