// The life of a supervisor inside `start` and `up`: from its workers' start to the end of the last one.
// Promises that whoever waits for a start in the background hears of it once: of its success, or of a crash loop that
// came before. SIGHUP renews the workers where no terminal can have sent it. Leaves keeping them alive to src/supervisor.

import type { Settings } from '../config/settings.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import type { ChildCommand } from '../supervisor/child.ts'
import type { Controlled, StopManner } from '../supervisor/control.ts'
import type { SupervisorEvent } from '../supervisor/events.ts'
import { placeOf } from '../supervisor/place.ts'
import { followSupervisor } from '../supervisor/service-follow.ts'
import { openServiceNotice } from '../supervisor/service-notice.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { Starter } from './background.ts'
import type { Cli } from './cli.ts'
import { startMonitor } from './monitor.ts'
import type { ProcessLog } from './process-log.ts'
import { stopLimitFor } from './stop-limit.ts'
import type { StopRequest } from './stop-signals.ts'
import { tellEvent, type Say } from './up-lines.ts'
import { readVersion } from './version.ts'

/** What it takes. */
export interface Keeping {
  readonly cli: Cli
  readonly engine: Engine
  readonly settings: Settings
  readonly name: string
  /** How the worker of that name is started. */
  readonly command: (name: string) => ChildCommand
  /** How often the monitor says something, in ms; 0: never. */
  readonly monitor: number
  readonly journal: ProcessLog
  readonly say: Say
  /** Says that this system is up; not before no other one holds its place. */
  readonly greet: () => void
  readonly stop: StopRequest
  /** Null: nobody waits for this start. */
  readonly starter: Starter | null
}

/** Of the last lines of a worker that cannot start, so many are told. */
const LINES_TOLD = 5

/**
 * Starts the workers; resolves when a stop was asked for and all are gone.
 * @throws WindlassError `already_running`, `refused`; `child_failed` when somebody waits for workers that cannot start
 */
export async function keepWorkers(keeping: Keeping): Promise<void> {
  const { engine, monitor, say, stop, settings, journal } = keeping
  // Before the first worker: it must not speak for us.
  const notice = openServiceNotice({ log: journal.log })
  let manner: StopManner = { grace: null, force: false }
  const { supervisor, hopeless } = makeSupervisor(keeping, (how) => {
    manner = how
    if (how.force) stop.hurry('windlass stop --force')
    else stop.begin('windlass stop')
    // Begun already: it may have become more urgent.
    if (!supervisor.running) void supervisor.stop(how)
  })
  await supervisor.start()
  const status = () => supervisor.status()
  const tellStop = followSupervisor(notice, { status, renewal: stopLimitFor(settings.worker.drain) })
  const endMonitor = startMonitor({
    every: monitor,
    status,
    queues: () => engine.records.stats(null),
    say,
  })
  stop.onReload(() => {
    if (supervisor.running) renew(supervisor, say)
  })
  // Without a worker nothing else would keep this process alive.
  const alive = setInterval(() => {}, 60_000)
  try {
    const reason = await Promise.race([stop.asked, hopeless])
    say('info', 'stopping', 'stopping: workers finish what they run, once more stops at once', { reason })
    stop.onHurry(() => {
      say('warn', 'forced', 'stopping at once: running tasks are handed back')
      supervisor.force()
    })
  } finally {
    tellStop(stopLimitFor(manner.grace ?? settings.worker.drain))
    await supervisor.stop(manner)
    endMonitor()
    clearInterval(alive)
  }
}

/** The supervisor, and a promise that fails when somebody waits for workers that cannot start. */
function makeSupervisor(keeping: Keeping, askStop: (how: StopManner) => void) {
  const { cli, engine, settings, name, command, journal, say, starter } = keeping
  const { worker, keepCount, keepBytes } = settings
  const { promise: hopeless, reject } = Promise.withResolvers<never>()
  // Nobody may be waiting for it when it comes.
  hopeless.catch(() => {})
  let waited = starter !== null
  const supervisor = new Supervisor({
    engine,
    place: placeOf(settings.root, name),
    version: readVersion(),
    log: journal.file,
    count: worker.count,
    command,
    tell: (event) => {
      tellEvent(event, say, journal, cli.out)
      if (!waited || (event.kind !== 'all_ready' && event.kind !== 'crash_loop')) return
      waited = false
      if (event.kind === 'crash_loop') return reject(neverReady(event))
      starter?.ready(supervisor.status())
    },
    askStop,
    onHeld: keeping.greet,
    keepCount,
    keepBytes,
    drain: worker.drain,
    recycle: worker.recycle,
  })
  return { supervisor, hopeless }
}

type CrashLoop = Extract<SupervisorEvent, { kind: 'crash_loop' }>

function neverReady({ worker, deaths, lines }: CrashLoop): WindlassError {
  const said = lines.slice(-LINES_TOLD).map(maskSecrets).join('\n')
  const message = `${worker} died ${deaths} times in a row before it was ready:\n${said}`
  return new WindlassError('child_failed', message)
}

function renew(supervisor: Controlled, say: Say): void {
  say('info', 'reload', 'SIGHUP: the workers are renewed one by one')
  supervisor.restart(null).catch((error: unknown) => {
    const reason = maskSecrets(error instanceof Error ? error.message : String(error))
    say('error', 'not_reloaded', 'the workers were not renewed', { reason })
  })
}
