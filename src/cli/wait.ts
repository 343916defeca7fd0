// `windlass wait ID`: waits until a task is final and answers as `get` does. Exit 0 only if it succeeded, 1 when it is
// dead or cancelled, 5 when the time was up. A progress bar is drawn on a terminal meanwhile.

import type { Command } from 'commander'

import type { TaskDetailJson } from '../client/task-json.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { EXIT } from './exit-codes.ts'
import { withWindlass } from './open.ts'
import { ProgressLine } from './progress-line.ts'
import { describeTask, worded } from './task-text.ts'
import { readSeconds } from './values.ts'

export function define(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'id of the task')
    .option('--timeout <duration>', 'wait no longer than that')
    .action(async (id: string, options: { timeout?: string }) => {
      const timeout = options.timeout === undefined ? null : readSeconds(options.timeout, '--timeout')
      const task = await withWindlass(cli, (windlass) => waitFor(cli, windlass, id, timeout))
      cli.exit = exitOf(task)
      cli.out.answer(worded(cli, task), () => describeTask(cli, task))
    })
}

/** Waits, and shows progress meanwhile where somebody can see it. */
export async function waitFor(
  cli: Cli,
  windlass: Windlass,
  id: string,
  timeout: number | null,
): Promise<TaskDetailJson> {
  const line = ProgressLine.start(cli.out, () => windlass.tasks.get(id))
  try {
    return await windlass.tasks.wait(id, timeout === null ? {} : { timeout })
  } finally {
    line.end()
  }
}

/** 0 only if it succeeded. */
export function exitOf(task: TaskDetailJson): number {
  return task.state === 'succeeded' ? EXIT.ok : EXIT.failure
}
