// `windlass up`: worker processes under one supervisor, in the foreground.
// Promises that Ctrl-C or SIGTERM lets the workers drain and leaves no process behind; the second signal does not
// wait. Leaves keeping workers alive to src/supervisor and their work to `windlass worker`.

import type { Command } from 'commander'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

import { maskUrl } from '../config/origin.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { ChildCommand } from '../supervisor/child.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { maskSecrets } from './mask.ts'
import { openWindlass } from './open.ts'
import { openProcessLog, type ProcessLog } from './process-log.ts'
import { listenToStop, type StopRequest } from './stop-signals.ts'
import { tellEvent } from './up-lines.ts'
import { checkQueueList } from './values.ts'

interface Flags {
  readonly workers?: string
  readonly queues?: string
  readonly concurrency?: string
}

/** The same file as this process runs: `.ts` from the sources, `.js` from dist. */
const MAIN = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url))

export function define(command: Command, cli: Cli): void {
  command
    .option('--workers <n>', 'worker processes (default: WORKER_COUNT, else 2)')
    .option('-Q, --queues <list>', 'queues of each worker (default: all)')
    .option('-c, --concurrency <n>', 'tasks at the same time in each worker')
    .action((flags: Flags) => up(cli, flags))
}

async function up(cli: Cli, flags: Flags): Promise<void> {
  const stop = listenToStop()
  process.title = 'windlass up'
  checkQueueList(flags.queues)
  const windlass = await openWindlass(cli, {
    flags: {
      'worker.count': flags.workers,
      'worker.queues': flags.queues,
      'worker.concurrency': flags.concurrency,
    },
  })
  try {
    const engine = await windlass.engine()
    refuseLonely(engine)
    const journal = openProcessLog(cli, windlass.settings, true)
    await greet(windlass, engine, journal)
    await supervise(cli, flags, windlass, engine, journal, stop)
  } finally {
    await windlass.close()
  }
}

/** What only this process can see is of no use to others. */
function refuseLonely(engine: Engine): void {
  if (engine.address !== null) return
  throw new WindlassError('invalid_option', 'this store lives in one process, and `up` runs several', {
    hint: 'Use sqlite:path or a server engine.',
  })
}

async function greet(windlass: Windlass, engine: Engine, { log }: ProcessLog): Promise<void> {
  const { settings } = windlass
  const durability = await engine.durability()
  log.info('windlass is up; Ctrl-C stops it, twice stops it at once', {
    event: 'up',
    pid: process.pid,
    workers: settings.worker.count,
    engine: maskUrl(settings.engine.url),
    durability: `${durability.class}, ${durability.text}`,
    config: settings.file,
  })
  for (const note of settings.notes) log.info(maskSecrets(note), { event: 'note' })
}

async function supervise(
  cli: Cli,
  flags: Flags,
  windlass: Windlass,
  engine: Engine,
  journal: ProcessLog,
  stop: StopRequest,
): Promise<void> {
  const { worker, keepCount } = windlass.settings
  const { log } = journal
  const supervisor = new Supervisor({
    engine,
    count: worker.count,
    command: (name) => childCommand(cli, flags, name),
    tell: (event) => tellEvent(event, journal, cli.out),
    keepCount,
    drain: worker.drain,
  })
  cli.out.onReaderGone(() => stop.ask('nobody reads the output'))
  await supervisor.start()
  // Without a worker nothing else would keep this process alive.
  const alive = setInterval(() => {}, 60_000)
  const why = await stop.asked
  log.info('stopping: workers finish what they run, once more stops at once', {
    event: 'stopping',
    reason: why,
  })
  stop.onHurry(() => {
    log.warn('stopping at once: running tasks are handed back', { event: 'forced' })
    supervisor.force()
  })
  await supervisor.stop()
  clearInterval(alive)
  log.info('windlass is down', { event: 'down' })
}

function childCommand(cli: Cli, flags: Flags, name: string): ChildCommand {
  const { config, engine, lang, verbose } = cli.globals
  const options = [
    '--name',
    name,
    ...(flags.queues === undefined ? [] : ['--queues', flags.queues]),
    ...(flags.concurrency === undefined ? [] : ['--concurrency', flags.concurrency]),
    ...(config === null ? [] : ['--config', config]),
    ...(lang === null ? [] : ['--lang', lang]),
    ...(cli.out.json ? ['--json'] : []),
    ...(verbose ? ['--verbose'] : []),
  ]
  // A debugger's port can serve one process only.
  const nodeOptions = process.execArgv.filter((arg) => !arg.startsWith('--inspect'))
  return {
    file: process.execPath,
    args: [...nodeOptions, MAIN, 'worker', ...options],
    // Not as an argument: the URL may hold a password, and everybody can list arguments.
    env: engine === null ? process.env : { ...process.env, WINDLASS_ENGINE: engine },
  }
}
