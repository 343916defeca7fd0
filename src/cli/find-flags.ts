// The filters that `list` and the bulk verbs share: declared once, read once, so that both mean the same tasks.

import type { Command } from 'commander'

import type { FindOptions } from '../client/find-options.ts'
import type { Cli } from './cli.ts'
import { collect, readStates, readTime } from './values.ts'

/** As commander gives them. */
export interface FindFlags {
  readonly state?: readonly string[]
  readonly queue?: string
  readonly type?: string
  readonly tag?: string
  readonly text?: string
  readonly createdAfter?: string
  readonly createdBefore?: string
}

/** Declares them. */
export function declareFindFlags(command: Command): Command {
  return command
    .option('--state <state>', 'state, may be given more than once or with commas', collect)
    .option('--queue <name>', 'queue')
    .option('--type <name>', 'task type')
    .option('--tag <tag>', 'tag')
    .option('--text <text>', 'in id, type, unique key, tags, payload or error, over the newest tasks')
    .option('--created-after <time>', 'created at this time or later, ISO-8601')
    .option('--created-before <time>', 'created before this time, ISO-8601')
}

/** What the client takes; only what was said. */
export function readFindFlags(
  cli: Cli,
  { state, queue, type, tag, text, createdAfter, createdBefore }: FindFlags,
): Omit<FindOptions, 'id' | 'limit' | 'cursor'> {
  return {
    ...(state === undefined ? {} : { state: readStates(state, cli.globals.profile) }),
    ...(queue === undefined ? {} : { queue }),
    ...(type === undefined ? {} : { type }),
    ...(tag === undefined ? {} : { tag }),
    ...(text === undefined ? {} : { text }),
    ...(createdAfter === undefined ? {} : { createdFrom: readTime(createdAfter, '--created-after') }),
    ...(createdBefore === undefined ? {} : { createdTo: readTime(createdBefore, '--created-before') }),
  }
}
