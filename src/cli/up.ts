// `windlass up`: worker processes under one supervisor, and a scheduler, in the foreground.
// Promises that Ctrl-C or SIGTERM lets the workers drain and leaves no process behind; the second signal does not
// wait. Leaves keeping workers alive to src/supervisor and their work to `windlass worker`.

import type { Command } from 'commander'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { ChildCommand } from '../supervisor/child.ts'
import { placeOf } from '../supervisor/place.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { maskSecrets } from '../core/secrets.ts'
import { openWindlass } from './open.ts'
import { defaultLogFile, openProcessLog } from './process-log.ts'
import { startPatiently } from './start-patience.ts'
import { listenToStop, type StopRequest } from './stop-signals.ts'
import { createSay, tellEvent, type Say } from './up-lines.ts'
import { checkQueueList } from './values.ts'
import { readVersion } from './version.ts'

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
    program: 'up',
    // Read only for schedules that the config declares.
    tasks: true,
    flags: {
      'worker.count': flags.workers,
      'worker.queues': flags.queues,
      'worker.concurrency': flags.concurrency,
    },
  })
  try {
    const name = windlass.settings.worker.name ?? 'worker'
    const journal = openProcessLog(cli, windlass.settings, { file: defaultLogFile(name) })
    const { url } = windlass.settings.engine
    const patience = { log: journal.log, stop: stop.asked, url }
    const engine = await startPatiently(() => windlass.engine(), patience)
    refuseLonely(engine)
    // Told here, once, and not by every worker again and again: a store that was never migrated.
    await engine.records.sessions({ state: 'live', host: '' })
    journal.openFile()
    const say = createSay(journal.log, cli.out)
    await greet(windlass, engine, say)
    // First, so that schedules which the config declares wrongly are told before anything works.
    const scheduler = windlass.scheduler({ log: journal.log })
    await startPatiently(() => scheduler.start(), patience)
    void stop.asked.then(() => scheduler.stop())
    const { worker, keepCount, keepBytes } = windlass.settings
    const supervisor = new Supervisor({
      engine,
      count: worker.count,
      place: placeOf(windlass.settings.root, name),
      version: readVersion(),
      log: journal.file,
      askStop: () => stop.ask('the stop verb'),
      command: (worker) => childCommand(cli, flags, worker, journal.file),
      tell: (event) => tellEvent(event, say, journal, cli.out),
      keepCount,
      keepBytes,
      drain: worker.drain,
    })
    await supervise(cli, supervisor, say, stop)
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

async function greet(windlass: Windlass, engine: Engine, say: Say): Promise<void> {
  const { settings } = windlass
  const durability = await engine.durability()
  say('info', 'up', 'windlass is up; Ctrl-C stops it, twice stops it at once', {
    pid: process.pid,
    workers: settings.worker.count,
    engine: maskSecrets(settings.engine.url),
    durability: `${durability.class}, ${durability.text}`,
    config: settings.file,
  })
  for (const note of settings.notes) say('info', 'note', maskSecrets(note))
}

async function supervise(cli: Cli, supervisor: Supervisor, say: Say, stop: StopRequest): Promise<void> {
  cli.out.onReaderGone(() => stop.ask('nobody reads the output'))
  await supervisor.start()
  // Without a worker nothing else would keep this process alive.
  const alive = setInterval(() => {}, 60_000)
  const reason = await stop.asked
  say('info', 'stopping', 'stopping: workers finish what they run, once more stops at once', { reason })
  stop.onHurry(() => {
    say('warn', 'forced', 'stopping at once: running tasks are handed back')
    supervisor.force()
  })
  await supervisor.stop()
  clearInterval(alive)
  say('info', 'down', 'windlass is down')
}

function childCommand(cli: Cli, flags: Flags, name: string, logFile: string | null): ChildCommand {
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
    env: {
      ...process.env,
      ...(engine === null ? {} : { WINDLASS_ENGINE: engine }),
      // Where it goes on without us.
      ...(logFile === null ? {} : { LOG_FILE: logFile }),
    },
  }
}
