// `windlass cancel ID`: cancels a waiting task, and tells a running one to stop.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineAction } from './task-action.ts'

export function define(command: Command, cli: Cli): void {
  defineAction(command, cli, (tasks, id) => tasks.cancel(id))
}
