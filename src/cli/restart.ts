// `windlass restart [N]`: renews the workers of a supervisor one by one, each new process before the old one drains, so
// that there are never fewer of them; with N there are N afterwards.

import type { Command } from 'commander'

import { MOST_WORKERS } from '../supervisor/control.ts'
import { askAndWatch } from './await-supervisor.ts'
import type { Cli } from './cli.ts'
import { answerStatus } from './status-text.ts'
import { declareName, findPlace, type NameFlag } from './supervisor-place.ts'
import { readWhole } from './values.ts'

interface Flags extends NameFlag {
  readonly wait: boolean
}

export function define(command: Command, cli: Cli): void {
  declareName(command)
    .argument('[count]', 'worker processes from now on (default: as many as there are)')
    .option('--no-wait', 'return as soon as the supervisor has begun')
    .action(async (argument: string | undefined, flags: Flags) => {
      const count = argument === undefined ? null : readWhole(argument, 'count', 0, MOST_WORKERS)
      const { place } = await findPlace(cli, flags)
      const status = await askAndWatch(cli, place, { verb: 'restart', count }, flags.wait)
      answerStatus(cli.out, status)
    })
}
