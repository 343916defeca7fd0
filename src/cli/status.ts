// `windlass status`: the supervisor and each of its workers, as they are now. Exit 3 when there is no supervisor, also
// when workers of it go on without it; then it tells who they are.

import type { Command } from 'commander'

import { ENGLISH } from '../base/messages/messages.ts'
import { WindlassError } from '../core/errors.ts'
import { askSupervisor } from '../supervisor/ask.ts'
import type { WorkerFacts } from '../supervisor/control.ts'
import type { Cli } from './cli.ts'
import { tellFailure } from './exit-codes.ts'
import { leftBehind } from './left-behind.ts'
import { answerStatus, workerTable } from './status-text.ts'
import { declareName, findPlace, isNotRunning, type NameFlag } from './supervisor-place.ts'

export function define(command: Command, cli: Cli): void {
  declareName(command).action(async (flags: NameFlag) => {
    const { place } = await findPlace(cli, flags)
    try {
      answerStatus(cli.out, await askSupervisor(place, { verb: 'status' }))
    } catch (error) {
      const left = isNotRunning(error) ? leftBehind(place) : []
      if (left.length === 0) throw error
      answerLeft(cli, place.name, left)
    }
  })
}

function answerLeft(cli: Cli, name: string, workers: readonly WorkerFacts[]): void {
  const { out } = cli
  const said = new WindlassError('not_running', ENGLISH.say('left.head', { name }), {
    hint: ENGLISH.say('left.todo'),
  })
  const { exit, code, message, hint, retry } = tellFailure(said, null)
  cli.exit = exit
  out.answer({ supervisor: null, workers, error: { code, message, hint, retry } }, () =>
    [out.say('left.head', { name }), '', workerTable(workers, out), '', out.say('left.todo')].join('\n'),
  )
}
