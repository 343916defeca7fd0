// `windlass get ID`: a task with its attempts. Exit 1 with `not_found` when there is none.

import type { Command } from 'commander'

import { WindlassError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { describeTask, worded } from './task-text.ts'

export function define(command: Command, cli: Cli): void {
  command.argument('<id>', 'id of the task').action(async (id: string) => {
    const task = await withWindlass(cli, (windlass) => windlass.tasks.get(id))
    if (task === null) throw new WindlassError('not_found', `there is no task ${JSON.stringify(id)}`)
    cli.out.answer(worded(cli, task), () => describeTask(cli, task))
  })
}
