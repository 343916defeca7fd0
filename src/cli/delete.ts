// `windlass delete ID`, or with filters: removes finished tasks with their attempts and logs.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineAction } from './task-action.ts'

export function define(command: Command, cli: Cli): void {
  defineAction(command, cli, 'delete')
}
