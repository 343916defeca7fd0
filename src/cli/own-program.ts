// How this program starts itself again: as a worker process under a supervisor, or as a supervisor in the background.
// Leaves starting it to src/supervisor and background.ts.

import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { ChildCommand } from '../supervisor/child.ts'
import type { Cli } from './cli.ts'
import { SUPERVISOR_LOG } from './process-log.ts'

/** The same file as this process runs: `.ts` from the sources, `.js` from dist. */
const MAIN = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url))

/** Node's own options and our file. A debugger's port can serve one process only. */
export function ownArguments(): string[] {
  return [...process.execArgv.filter((arg) => !arg.startsWith('--inspect')), MAIN]
}

/** The command line of the worker of that name, with what was said to its supervisor. */
export function workerCommand(
  cli: Cli,
  flags: { readonly queues?: string; readonly concurrency?: string },
  name: string,
  logFile: string | null,
): ChildCommand {
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
  return {
    file: process.execPath,
    args: [...ownArguments(), 'worker', ...options],
    // Not as an argument: the URL may hold a password, and everybody can list arguments.
    env: {
      ...process.env,
      ...(engine === null ? {} : { WINDLASS_ENGINE: engine }),
      // Where it goes on without us.
      ...(logFile === null ? {} : { [SUPERVISOR_LOG]: logFile }),
    },
  }
}
