// `windlass scale N`: tells the supervisor how many workers there should be, and waits until there are.

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
    .argument('<count>', 'worker processes')
    .option('--no-wait', 'return as soon as the supervisor has begun')
    .action(async (argument: string, flags: Flags) => {
      const count = readWhole(argument, 'count', 0, MOST_WORKERS)
      const { place } = await findPlace(cli, flags)
      const status = await askAndWatch(cli, place, { verb: 'scale', count }, flags.wait)
      answerStatus(cli.out, status)
    })
}
