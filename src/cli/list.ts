// `windlass list`: tasks by state, queue, type, tag, text and time, newest first, by pages.

import type { Command } from 'commander'

import type { FindOptions } from '../client/find-options.ts'
import type { TaskPageJson } from '../client/tasks.ts'
import { LIMITS } from '../core/limits.ts'
import type { Cli } from './cli.ts'
import { declareFindFlags, readFindFlags, type FindFlags } from './find-flags.ts'
import { withWindlass } from './open.ts'
import { taskTable, worded } from './task-text.ts'
import { readWhole } from './values.ts'

interface ListFlags extends FindFlags {
  readonly limit?: string
  readonly cursor?: string
}

export function define(command: Command, cli: Cli): void {
  declareFindFlags(command)
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

function readFlags(cli: Cli, { limit, cursor, ...rest }: ListFlags): FindOptions {
  return {
    ...readFindFlags(cli, rest),
    ...(limit === undefined ? {} : { limit: readWhole(limit, '--limit', 1, LIMITS.page) }),
    ...(cursor === undefined ? {} : { cursor }),
  }
}

function forPeople(cli: Cli, { tasks, next, partial }: TaskPageJson): string {
  const notes = [
    ...(next === null ? [] : [cli.out.say('list.more', { next })]),
    ...(partial ? [cli.out.say('list.partial')] : []),
  ]
  if (tasks.length === 0) return [cli.out.say('list.none'), ...notes].join('\n')
  return [taskTable(cli, tasks, Date.now()), ...notes].join('\n')
}
