// `windlass retry ID`: runs a dead or cancelled task again, with its counters cleared.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineAction } from './task-action.ts'

export function define(command: Command, cli: Cli): void {
  defineAction(command, cli, (tasks, id) => tasks.retry(id))
}
