// `windlass scheduler`: fires the ticks of schedules, in the foreground, beside any number of others.
// Promises exit 0 after SIGTERM or Ctrl-C, and that what is wrong with the schedules of the config is told at once.
// Leaves firing to src/scheduler; `windlass up` does the same in its own process.

import type { Command } from 'commander'

import { maskSecrets } from '../core/secrets.ts'
import { openServiceNotice } from '../supervisor/service-notice.ts'
import type { Cli } from './cli.ts'
import { openWindlass } from './open.ts'
import { openProcessLog } from './process-log.ts'
import { startPatiently } from './start-patience.ts'
import { listenToStop } from './stop-signals.ts'

export function define(command: Command, cli: Cli): void {
  command.action(() => schedule(cli))
}

async function schedule(cli: Cli): Promise<void> {
  const stop = listenToStop(0)
  process.title = 'windlass scheduler'
  const windlass = await openWindlass(cli, { tasks: true, program: 'scheduler' })
  try {
    const journal = openProcessLog(cli, windlass.settings)
    journal.openFile()
    const { log } = journal
    const notice = openServiceNotice({ log })
    const { url } = windlass.settings.engine
    const patience = { log, stop: stop.asked, url }
    await startPatiently(() => windlass.engine(), patience)
    for (const note of windlass.settings.notes) log.info(maskSecrets(note))
    cli.out.onReaderGone(() => stop.ask('nobody reads the output'))
    const scheduler = windlass.scheduler({ log })
    await startPatiently(() => scheduler.start(), patience)
    log.info('scheduler started', { pid: process.pid, engine: maskSecrets(url) })
    notice.ready('fires schedules')
    // Nothing else keeps this process alive.
    const alive = setInterval(() => {}, 60_000)
    const reason = await stop.asked
    clearInterval(alive)
    notice.stopping('stopping', 30_000)
    await scheduler.stop()
    log.info('scheduler stopped', { reason })
  } finally {
    await windlass.close()
  }
}
