// What `cancel`, `retry` and `delete` have in common: one id in, one action, the task's new state out.

import type { Command } from 'commander'

import type { ActionJson, TaskOperator } from '../client/tasks.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { stateWord } from './profile.ts'

/** Declares the id and runs the action. */
export function defineAction(
  command: Command,
  cli: Cli,
  act: (tasks: TaskOperator, id: string) => Promise<ActionJson>,
): void {
  command.argument('<id>', 'id of the task').action(async (id: string) => {
    const done = await withWindlass(cli, (windlass) => act(windlass.tasks, id))
    const state = done.state === 'deleted' ? done.state : stateWord(done.state, cli.globals.profile)
    cli.out.answer({ ...done, state }, () =>
      done.outcome === 'requested' ? `${id} ${state}, was told to stop` : `${id} ${state}`,
    )
  })
}
