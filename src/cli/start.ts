// `windlass start`: worker processes under a supervisor, and nothing besides: schedules are fired by `windlass up` or
// `windlass scheduler`. How that is done is in supervise.ts.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineSupervision } from './supervise.ts'

export function define(command: Command, cli: Cli): void {
  defineSupervision(command, cli, { program: 'start', schedules: false })
}
