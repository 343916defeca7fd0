// `windlass up`: the whole system, that is worker processes under a supervisor and a scheduler. How that is done is in
// supervise.ts, which `windlass start` shares.

import { Option, type Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineSupervision } from './supervise.ts'

export function define(command: Command, cli: Cli): void {
  defineSupervision(command, cli, { program: 'up', schedules: true })
    // As it was called before there was `start`.
    .addOption(new Option('--workers <n>', 'the same as --count').hideHelp())
}
