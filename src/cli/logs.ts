// `windlass logs`: the last lines of the log file of a supervisor or a worker, of all processes together.
// Needs no process that runs. Which lines and how they look is in log-reading.ts.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineLogFlags, LogReading, type LogFlags } from './log-reading.ts'

export function define(command: Command, cli: Cli): void {
  defineLogFlags(command).action(async (flags: LogFlags) => {
    const reading = await LogReading.open(cli, flags)
    await reading.tell({ last: true, wait: false })
    reading.close()
  })
}
