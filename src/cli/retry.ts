// `windlass retry ID`, or with filters: runs dead or cancelled tasks again, with their counters cleared.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineAction } from './task-action.ts'

export function define(command: Command, cli: Cli): void {
  defineAction(command, cli, 'retry')
}
