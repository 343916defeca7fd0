// `windlass queue list|pause|resume|clear NAME`: looks after queues; every answer shows the queues concerned.

import type { Command } from 'commander'

import type { QueueJson } from '../client/queues.ts'
import { WindlassError } from '../core/errors.ts'
import { suggest } from '../core/keys.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { withWindlass } from './open.ts'
import { oneLine } from './output.ts'
import { queueTable } from './queue-text.ts'

const ACTIONS = ['list', 'pause', 'resume', 'clear'] as const
type Action = (typeof ACTIONS)[number]

export function define(command: Command, cli: Cli): void {
  command
    .argument('<action>', 'list, pause, resume or clear (cancels all that waits)')
    .argument('[name]', 'the queue')
    .action(async (word: string, name: string | undefined) => {
      const action = readAction(word)
      if (action === 'list') return list(cli, name)
      if (name === undefined)
        throw new WindlassError('invalid_option', `queue ${action} needs the name of a queue`)
      await change(cli, action, name)
    })
}

function readAction(word: string): Action {
  const action = ACTIONS.find((one) => one === word)
  if (action !== undefined) return action
  throw new WindlassError('invalid_option', `unknown action ${JSON.stringify(word)}${suggest(word, ACTIONS)}`)
}

async function list(cli: Cli, name: string | undefined): Promise<void> {
  const queues = await withWindlass(cli, (windlass) => rows(windlass, name))
  cli.out.answer({ queues }, () => queueTable(queues, cli.out))
}

async function change(cli: Cli, action: Exclude<Action, 'list'>, name: string): Promise<void> {
  await withWindlass(cli, async (windlass) => {
    const cancelled = await act(windlass, action, name)
    const queues = await rows(windlass, name)
    const document = cancelled === null ? { queues } : { queues, cancelled }
    cli.out.answer(document, () =>
      cli.out.say(`queue.${action}`, { queue: oneLine(name), count: cancelled ?? 0 }),
    )
  })
}

/** How many tasks were cancelled; null: not asked for. */
async function act(
  windlass: Windlass,
  action: Exclude<Action, 'list'>,
  name: string,
): Promise<number | null> {
  if (action === 'clear') return (await windlass.queues.clear(name)).cancelled
  await windlass.queues[action](name)
  return null
}

async function rows(windlass: Windlass, name: string | undefined): Promise<QueueJson[]> {
  const all = await windlass.queues.list()
  return all.filter(({ queue }) => name === undefined || queue === name)
}
