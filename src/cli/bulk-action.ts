// `cancel`, `retry` and `delete` for every task that fits the filters. Nothing is done before somebody has said so:
// on a terminal it shows how many and asks, elsewhere it wants --yes (exit 2).

import { createInterface } from 'node:readline/promises'

import type { BulkJson, BulkOptions, BulkVerb } from '../client/bulk.ts'
import { WindlassError } from '../core/errors.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import type { FindFlags } from './find-flags.ts'
import { withWindlass } from './open.ts'
import { oneLine } from './output.ts'

export interface BulkFlags extends FindFlags {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** Counts, asks, does. */
export async function bulkAction(
  cli: Cli,
  verb: BulkVerb,
  filter: BulkOptions['filter'],
  { dryRun = false, yes = false }: BulkFlags,
): Promise<void> {
  const asks = !dryRun && !yes
  if (asks && !canAsk(cli))
    throw new WindlassError(
      'invalid_option',
      `${verb} for many tasks wants --yes where nobody can be asked`,
      {
        hint: 'Look first with --dry-run, then give --yes.',
      },
    )
  await withWindlass(cli, async (windlass) => {
    if (asks && !(await agreed(cli, windlass, verb, filter))) {
      cli.out.answer({ matched: 0, done: 0, refused: 0 }, () => cli.out.say('bulk.nothing_done'))
      return
    }
    const done = await windlass.tasks.bulk({ verb, filter, dryRun })
    cli.out.answer(document(done), () => forPeople(cli, done))
  })
}

function canAsk(cli: Cli): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !cli.out.json
}

async function agreed(
  cli: Cli,
  windlass: Windlass,
  verb: BulkVerb,
  filter: BulkOptions['filter'],
): Promise<boolean> {
  const found = await windlass.tasks.bulk({ verb, filter, dryRun: true })
  cli.out.note(forPeople(cli, found))
  if (found.matched === 0) return false
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(cli.out.say('bulk.ask', { verb, count: found.matched }))
    return /^\s*(y|yes|是)\s*$/i.test(answer)
  } finally {
    asking.close()
  }
}

function document({ matched, done, refused, partial, dry_run, ids }: BulkJson): object {
  return dry_run ? { matched, done, refused, partial, dry_run, ids } : { matched, done, refused, partial }
}

function forPeople({ out }: Cli, { verb, dry_run, matched, done, refused, partial, ids }: BulkJson): string {
  const head = dry_run
    ? out.say('bulk.fit', { verb, count: matched })
    : out.say('bulk.done', { verb, matched, done, refused })
  const first = dry_run ? ids.map((id) => `  ${oneLine(id)}`) : []
  const more =
    dry_run && matched > ids.length ? [`  … ${out.say('bulk.more', { count: matched - ids.length })}`] : []
  return [head, ...first, ...more, ...(partial ? [out.say('list.partial')] : [])].join('\n')
}
