// What `cancel`, `retry` and `delete` have in common: one id, or filters for many (bulk-action.ts); one action; the
// new state, or how many.

import type { Command } from 'commander'

import type { BulkVerb } from '../client/bulk.ts'
import { WindlassError } from '../core/errors.ts'
import { bulkAction, type BulkFlags } from './bulk-action.ts'
import type { Cli } from './cli.ts'
import { declareFindFlags, readFindFlags } from './find-flags.ts'
import { withWindlass } from './open.ts'
import { stateWord } from './profile.ts'

/** Declares id, filters and the rest, and runs the action. */
export function defineAction(command: Command, cli: Cli, verb: BulkVerb): void {
  declareFindFlags(command.argument('[id]', 'id of the task; without it the filters say which'))
    .option('--dry-run', 'only count the tasks that fit, and show the first ones')
    .option('--yes', 'do it without asking')
    .action(async (id: string | undefined, flags: BulkFlags) => {
      const filter = readFindFlags(cli, flags)
      const filtered = Object.keys(filter).length > 0
      if (id === undefined && !filtered)
        throw new WindlassError('invalid_option', `${verb} needs the id of a task, or a filter`, {
          hint: `Say which: windlass ${verb} ID, or --state, --queue, --type, --tag, --text.`,
        })
      if (id === undefined) return bulkAction(cli, verb, filter, flags)
      if (filtered || flags.dryRun === true)
        throw new WindlassError('invalid_option', 'an id does not go with filters or --dry-run')
      await one(cli, verb, id)
    })
}

async function one(cli: Cli, verb: BulkVerb, id: string): Promise<void> {
  const done = await withWindlass(cli, (windlass) => windlass.tasks[verb](id))
  const state = done.state === 'deleted' ? done.state : stateWord(done.state, cli.globals.profile)
  cli.out.answer({ ...done, state }, () =>
    done.outcome === 'requested' ? cli.out.say('task.told_to_stop', { id, state }) : `${id} ${state}`,
  )
}
