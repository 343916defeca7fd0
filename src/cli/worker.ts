// `windlass worker`: one worker in the foreground, by itself or under a supervisor.
// Promises exit 0 after a drain: SIGTERM or Ctrl-C lets tasks end, the second one hands back what runs at once. An
// error that nobody caught charges no task that runs beside it: the worker drains and exits 1; so does a worker that is
// deaf, and exits 6. A supervisor that vanishes is told to the log and nothing else: work goes on. Leaves working to
// src/worker.

import type { Command } from 'commander'

import type { Log } from '../base/log.ts'
import { WindlassError } from '../core/errors.ts'
import { reportWork } from '../supervisor/reporting.ts'
import { openServiceNotice, type ServiceNotice } from '../supervisor/service-notice.ts'
import { WorkerLink } from '../supervisor/worker-link.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { EXIT } from './exit-codes.ts'
import { maskSecrets } from '../core/secrets.ts'
import { openWindlass } from './open.ts'
import { openProcessLog, takeSupervisorLog, type ProcessLog } from './process-log.ts'
import { announceProcess } from './running-processes.ts'
import { startPatiently, type StartPatience } from './start-patience.ts'
import { stopLimitFor } from './stop-limit.ts'
import { listenToStop, type StopRequest } from './stop-signals.ts'
import { watchStrayErrors } from './stray-errors.ts'
import { checkQueueList } from './values.ts'

interface Flags {
  readonly queues?: string
  readonly concurrency?: string
  readonly name?: string
  readonly drain?: true | string
}

/** Under a supervisor a signal may come twice, from it and from whoever signalled it, in ms. */
const TOGETHER = 1_000

export function define(command: Command, cli: Cli): void {
  command
    .option('-Q, --queues <list>', 'queues, with weights where wanted: mail,files:2 (default: all)')
    .option('-c, --concurrency <n>', 'tasks at the same time')
    .option('-n, --name <name>', 'name of this worker')
    .option('--drain [all]', 'end when nothing is ready; `all` waits for retries and scheduled tasks, too')
    .action((flags: Flags) => work(cli, flags))
}

async function work(cli: Cli, flags: Flags): Promise<void> {
  // Before anything else: a signal during the start must not kill a session that was just made.
  const link = WorkerLink.take()
  const stop = listenToStop(link === null ? 0 : TOGETHER)
  link?.onRelease(() => stop.hurry('the supervisor'))
  const drain = readDrain(flags.drain)
  checkQueueList(flags.queues)
  const windlass = await openWindlass(cli, {
    tasks: true,
    program: 'worker',
    flags: {
      'worker.queues': flags.queues,
      'worker.concurrency': flags.concurrency,
      'worker.name': flags.name,
    },
  })
  let forget = (): void => undefined
  try {
    process.title = `windlass worker ${windlass.settings.worker.name ?? ''}`.trimEnd()
    const { name } = windlass.settings.worker
    const journal = openProcessLog(cli, windlass.settings, {
      file: takeSupervisorLog(),
      worker: link === null ? null : name,
    })
    const { log } = journal
    const notice = openServiceNotice({ log })
    if (link !== null) followSupervisor(link, journal)
    else {
      journal.openFile()
      for (const note of windlass.settings.notes) log.info(maskSecrets(note))
      cli.out.onReaderGone(() => stop.ask('nobody reads the output'))
    }
    // Code that cannot be loaded is told before a store is opened or created for it.
    await windlass.types()
    const { url } = windlass.settings.engine
    const patience = { log, stop: stop.asked, url }
    const engine = await startPatiently(() => windlass.engine(), patience)
    forget = announceProcess(url, engine.instanceId)
    const { class: durability, text: means } = await engine.durability()
    log.info('connected to the store', { engine: engine.name, at: maskSecrets(url), durability, means })
    const { queues } = windlass.settings.worker
    log.info('listening to queues', { queues: queues?.map(({ name }) => name) ?? 'all' })
    await run(cli, windlass, { log, stop, drain, patience, notice, link })
  } finally {
    forget()
    await windlass.close()
  }
}

interface Running {
  readonly log: Log
  readonly stop: StopRequest
  readonly drain: 'ready' | 'all' | null
  readonly patience: StartPatience
  readonly notice: ServiceNotice
  readonly link: WorkerLink | null
}

async function run(cli: Cli, windlass: Windlass, running: Running): Promise<void> {
  const { log, stop, drain, patience, notice, link } = running
  // A handler that outlives its deadline and blocks everything ends with its process (CONTRACT rule 5).
  const worker = windlass.worker({
    log,
    hung: 'kill',
    onDeaf: () => {
      // Its connections are made anew for the endings; whatever else is wrong in this process, a new one has not.
      cli.exit = EXIT.deaf
      stop.ask('it is deaf')
    },
  })
  await startPatiently(() => worker.start(), patience)
  watchStrayErrors(log, () => {
    cli.exit = EXIT.failure
    stop.ask('an error that nobody caught')
  })
  const end = reportWork(link, () => worker.status())
  notice.ready('takes work')
  const drained =
    drain === null ? null : worker.drainUntilEmpty({ all: drain === 'all' }).then(() => 'drained')
  const why = await Promise.race(drained === null ? [stop.asked] : [stop.asked, drained])
  log.info(why === 'drained' ? 'nothing is left to do' : 'stopping, once more stops at once', { reason: why })
  notice.stopping('stopping', stopLimitFor(windlass.settings.worker.drain))
  stop.onHurry(() => {
    log.warn('stopping at once: running tasks are handed back')
    void worker.release()
  })
  await worker.stop()
  end()
}

/** The supervisor keeps the log file for all of us; where it vanished, nobody reads our output any more. */
function followSupervisor(link: WorkerLink, journal: ProcessLog): void {
  link.onGone(() => {
    journal.openFile()
    journal.log.warn('the supervisor is gone; this worker goes on')
  })
  link.onAdopted(() => {
    journal.log.info('another supervisor took this worker in')
    journal.closeFile()
  })
  journal.divert((line) => link.line(line))
}

function readDrain(value: true | string | undefined): 'ready' | 'all' | null {
  if (value === undefined) return null
  if (value === true || value === 'ready') return 'ready'
  if (value === 'all') return 'all'
  throw new WindlassError('invalid_option', `--drain takes nothing or \`all\`, not ${JSON.stringify(value)}`)
}
