// `windlass cancel ID`, or with filters: cancels waiting tasks, and tells running ones to stop.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { defineAction } from './task-action.ts'

export function define(command: Command, cli: Cli): void {
  defineAction(command, cli, 'cancel')
}
