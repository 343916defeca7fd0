// `windlass why ID`: why a task is not running, or what it does instead.

import type { Command } from 'commander'

import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { printable } from './output.ts'
import { worded } from './task-text.ts'

export function define(command: Command, cli: Cli): void {
  command.argument('<id>', 'id of the task').action(async (id: string) => {
    const why = await withWindlass(cli, (windlass) => windlass.tasks.why(id))
    cli.out.answer(worded(cli, why), () => `${why.reason}: ${printable(cli.out.texts.of(why.detail))}`)
  })
}
