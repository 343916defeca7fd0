// `windlass list`: tasks by state, queue, type, tag and text, newest first, by pages.

import type { Command } from 'commander'

import type { FindOptions, TaskPageJson } from '../client/tasks.ts'
import { LIMITS } from '../core/limits.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { taskTable, worded } from './task-text.ts'
import { collect, readStates, readWhole } from './values.ts'

interface ListFlags {
  readonly state?: readonly string[]
  readonly queue?: string
  readonly type?: string
  readonly tag?: string
  readonly text?: string
  readonly limit?: string
  readonly cursor?: string
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--state <state>', 'state, may be given more than once or with commas', collect)
    .option('--queue <name>', 'queue')
    .option('--type <name>', 'task type')
    .option('--tag <tag>', 'tag')
    .option('--text <text>', 'in id, type, unique key, tags, payload or error, over the newest tasks')
    .option('--limit <n>', `tasks of one page, at most ${LIMITS.page} (default: 100)`)
    .option('--cursor <cursor>', '`next` of the page before')
    .action(async (flags: ListFlags) => {
      const find = readFlags(cli, flags)
      const page = await withWindlass(cli, (windlass) => windlass.tasks.find(find))
      cli.out.answer({ ...page, tasks: page.tasks.map((task) => worded(cli, task)) }, () =>
        forPeople(cli, page),
      )
    })
}

function readFlags(cli: Cli, { state, limit, ...rest }: ListFlags): FindOptions {
  return {
    ...rest,
    ...(state === undefined ? {} : { state: readStates(state, cli.globals.profile) }),
    ...(limit === undefined ? {} : { limit: readWhole(limit, '--limit', 1, LIMITS.page) }),
  }
}

function forPeople(cli: Cli, { tasks, next, partial }: TaskPageJson): string {
  const notes = [
    ...(next === null ? [] : [`more: --cursor ${next}`]),
    ...(partial ? ['older tasks were not looked at'] : []),
  ]
  if (tasks.length === 0) return ['no tasks', ...notes].join('\n')
  return [taskTable(cli, tasks, Date.now()), ...notes].join('\n')
}
