// `windlass worker`: one worker in the foreground, by itself or under a supervisor.
// Promises exit 0 after a drain: SIGTERM or Ctrl-C lets tasks end, the second one hands back what runs at once. An
// error that nobody caught charges no task that runs beside it: the worker drains and exits 1; so does a worker that is
// deaf, and exits 6. A supervisor that vanishes is told to the log and nothing else: work goes on. Leaves working to
// src/worker.

import type { Command } from 'commander'

import type { Log } from '../base/log.ts'
import { WindlassError } from '../core/errors.ts'
import { openServiceNotice, type ServiceNotice } from '../supervisor/service-notice.ts'
import { onRelease, takeSupervised, tellSupervisor } from '../supervisor/messages.ts'
import type { LocalWorker, Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { EXIT } from './exit-codes.ts'
import { maskSecrets } from '../core/secrets.ts'
import { openWindlass } from './open.ts'
import { openProcessLog } from './process-log.ts'
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

/** How often the session is compared with what the supervisor was told; this timer keeps the process alive, too. */
const LOOK = 250

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
  const supervised = takeSupervised()
  const stop = listenToStop(supervised ? TOGETHER : 0)
  if (supervised) onRelease(() => stop.hurry('the supervisor'))
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
    const journal = openProcessLog(cli, windlass.settings, { worker: supervised ? name : null })
    const { log } = journal
    const notice = openServiceNotice({ log })
    if (supervised) {
      process.on('disconnect', () => {
        // It kept the log file for all of us; nobody reads our output any more.
        journal.openFile()
        log.warn('the supervisor is gone; this worker goes on')
      })
    } else {
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
    if (!supervised)
      log.info('the store is open', { engine: engine.name, at: maskSecrets(url), durability, means })
    const { queues } = windlass.settings.worker
    log.info('listening to queues', { queues: queues?.map(({ name }) => name) ?? 'all' })
    await run(cli, windlass, { log, stop, drain, patience, notice })
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
}

async function run(
  cli: Cli,
  windlass: Windlass,
  { log, stop, drain, patience, notice }: Running,
): Promise<void> {
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
  const looking = followSession(worker)
  tellSupervisor({ windlass: 'ready' })
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
  clearInterval(looking)
}

/** Tells the supervisor each new session, so that it can report the death of the right one. */
function followSession(worker: LocalWorker): NodeJS.Timeout {
  let told: string | null = null
  const look = (): void => {
    const session = worker.status()?.session ?? null
    if (session === null || session === told) return
    told = session
    tellSupervisor({ windlass: 'session', session })
  }
  look()
  return setInterval(look, LOOK)
}

function readDrain(value: true | string | undefined): 'ready' | 'all' | null {
  if (value === undefined) return null
  if (value === true || value === 'ready') return 'ready'
  if (value === 'all') return 'all'
  throw new WindlassError('invalid_option', `--drain takes nothing or \`all\`, not ${JSON.stringify(value)}`)
}
