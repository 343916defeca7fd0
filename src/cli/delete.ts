// `windlass delete ID`: removes a finished task with its attempts and logs.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineAction } from './task-action.ts'

export function define(command: Command, cli: Cli): void {
  defineAction(command, cli, (tasks, id) => tasks.delete(id))
}
