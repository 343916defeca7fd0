// What `start` and `up` share: worker processes under one supervisor, in the foreground or in the background.
// Promises that Ctrl-C or SIGTERM lets the workers drain and leaves no process behind; the second signal does not
// wait. Leaves keeping workers alive to src/supervisor and their work to `windlass worker`.

import type { Command } from 'commander'
import { devNull } from 'node:os'

import type { Durability, Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import { DEFAULT_NAME } from '../supervisor/place.ts'
import type { Windlass } from '../windlass.ts'
import { startInBackground, takeStarter, type Starter } from './background.ts'
import type { Cli } from './cli.ts'
import { keepWorkers } from './keep-workers.ts'
import { openWindlass } from './open.ts'
import { workerCommand } from './own-program.ts'
import { defaultLogFile, openProcessLog, type ProcessLog } from './process-log.ts'
import { startPatiently, type StartPatience } from './start-patience.ts'
import { hangUpMeaning, listenToStop, type StopRequest } from './stop-signals.ts'
import { createSay, type Say } from './up-lines.ts'
import { checkQueueList, readSeconds } from './values.ts'

/** A line more often than this tells nothing new, in ms. */
const LEAST_INTERVAL = 1_000
/** Whoever waits for a start in the background is told after so many ms that it takes longer. */
const SLOW_START = 5_000

interface Flags {
  readonly count?: string
  readonly workers?: string
  readonly queues?: string
  readonly concurrency?: string
  readonly name?: string
  readonly daemon?: boolean
  readonly monitor: string
}

/** What differs from verb to verb. */
export interface Supervision {
  readonly program: 'start' | 'up'
  /** True: schedules fire in this process, too. */
  readonly schedules: boolean
}

/** Everything that one supervision is made of. */
interface Scene {
  readonly cli: Cli
  readonly what: Supervision
  readonly name: string
  readonly flags: Flags
  /** In ms. */
  readonly monitor: number
  readonly windlass: Windlass
  readonly journal: ProcessLog
  readonly say: Say
  readonly stop: StopRequest
  readonly patience: StartPatience
  readonly starter: Starter | null
}

/** Declares arguments and options, and what is done with them. */
export function defineSupervision(command: Command, cli: Cli, what: Supervision): Command {
  return command
    .argument('[count]', 'worker processes (default: WORKER_COUNT, else 2)')
    .option('-c, --count <n>', 'the same as an option')
    .option('-d, --daemon', 'go on in the background; returns when all workers are ready')
    .option(
      '-n, --name <name>',
      'name of the supervisor; its workers are NAME-1, NAME-2, … (default: worker)',
    )
    .option('-m, --monitor <duration>', 'how often a line about workers and queues is logged; 0: never', '30')
    .option('-Q, --queues <list>', 'queues of each worker (default: all)')
    .option('--concurrency <n>', 'tasks at the same time in each worker')
    .action((count: string | undefined, flags: Flags) => supervise(cli, what, count, flags))
}

async function supervise(
  cli: Cli,
  what: Supervision,
  count: string | undefined,
  flags: Flags,
): Promise<void> {
  const starter = takeStarter()
  const stop = listenToStop(0, hangUpMeaning())
  try {
    process.title = `windlass ${what.program} ${flags.name ?? ''}`.trimEnd()
    checkQueueList(flags.queues)
    const monitor = readInterval(flags.monitor)
    const windlass = await openWindlass(cli, {
      program: what.program,
      // Read only for schedules that the config declares.
      tasks: what.schedules,
      flags: {
        'worker.count': oneCount(count, flags),
        'worker.queues': flags.queues,
        'worker.concurrency': flags.concurrency,
        'worker.name': flags.name,
      },
    })
    const { settings } = windlass
    const name = settings.worker.name ?? DEFAULT_NAME
    const journal = openProcessLog(cli, settings, { file: defaultLogFile(name) })
    if (flags.daemon === true && starter === null) return await goToBackground(cli, name, journal, stop)
    try {
      const say = createSay(journal.log, cli.out)
      const patience = { log: journal.log, stop: stop.asked, url: settings.engine.url }
      await run({ cli, what, name, flags, monitor, windlass, journal, say, stop, patience, starter })
    } finally {
      await windlass.close()
    }
  } catch (error) {
    starter?.failed(error)
    throw error
  }
}

/** In ms; 0: never. */
function readInterval(value: string): number {
  const every = readSeconds(value, '--monitor')
  return every === 0 ? 0 : Math.max(every, LEAST_INTERVAL)
}

/** However it was said; saying two numbers is a slip. */
function oneCount(argument: string | undefined, { count, workers }: Flags): string | undefined {
  const said = [argument, count, workers].filter((one) => one !== undefined)
  if (new Set(said).size <= 1) return said[0]
  throw new WindlassError(
    'invalid_option',
    `how many workers: ${said[0]} or ${said.find((one) => one !== said[0])}?`,
    {
      hint: 'Say the number once.',
    },
  )
}

async function goToBackground(
  cli: Cli,
  name: string,
  { file }: ProcessLog,
  stop: StopRequest,
): Promise<void> {
  // A store that is away is waited for, and only the log says so.
  const slow = setTimeout(() => cli.out.note(cli.out.say('start.slow', { log: file ?? '-' })), SLOW_START)
  const status = await startInBackground(file ?? devNull, stop).finally(() => clearTimeout(slow))
  const option = name === DEFAULT_NAME ? '' : ` -n ${name}`
  const { pid, log } = status.supervisor
  // Of a supervisor before this one some may still drain.
  const count = status.workers.filter(({ state }) => state === 'running').length
  cli.out.answer(status, () => cli.out.say('start.background', { pid, count, option, log: log ?? '-' }))
}

async function run(scene: Scene): Promise<void> {
  const { cli, what, flags, windlass, journal, say, stop, patience } = scene
  journal.openFile()
  const engine = await startPatiently(() => windlass.engine(), patience)
  refuseLonely(engine, what)
  // Told here, once, and not by every worker again and again: a store that was never migrated.
  await engine.records.sessions({ state: 'live', host: '' })
  const durability = await engine.durability()
  if (what.schedules) {
    // First, so that schedules which the config declares wrongly are told before anything works.
    const scheduler = windlass.scheduler({ log: journal.log })
    await startPatiently(() => scheduler.start(), patience)
    void stop.asked.then(() => scheduler.stop())
  }
  cli.out.onReaderGone(() => stop.ask('nobody reads the output'))
  const command = (worker: string) => workerCommand(cli, flags, worker, journal.file)
  await keepWorkers({
    ...scene,
    engine,
    settings: windlass.settings,
    command,
    greet: () => greet(scene, durability),
  })
  say('info', 'down', 'windlass is down')
}

/** What only this process can see is of no use to others. */
function refuseLonely(engine: Engine, { program }: Supervision): void {
  if (engine.address !== null) return
  throw new WindlassError(
    'invalid_option',
    `this store lives in one process, and \`${program}\` runs several`,
    {
      hint: 'Use sqlite:path or a server engine.',
    },
  )
}

function greet({ windlass, say, starter }: Scene, durability: Durability): void {
  const { settings } = windlass
  const message =
    starter === null
      ? 'windlass is up; Ctrl-C stops it, twice stops it at once'
      : 'windlass is up in the background; windlass stop ends it'
  say('info', 'up', message, {
    pid: process.pid,
    workers: settings.worker.count,
    engine: maskSecrets(settings.engine.url),
    durability: `${durability.class}, ${durability.text}`,
    config: settings.file,
  })
  for (const note of settings.notes) say('info', 'note', maskSecrets(note))
}
