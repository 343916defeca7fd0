// `windlass status`: the supervisor and each of its workers, as they are now. Exit 3 when there is no supervisor, also
// when workers of it go on without it; then it tells who they are. With --check exit 1 when no worker takes work, for
// whatever asks again and again whether a service is well.

import type { Command } from 'commander'

import { ENGLISH } from '../base/messages/messages.ts'
import { WindlassError } from '../core/errors.ts'
import { askSupervisor } from '../supervisor/ask.ts'
import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import type { Cli } from './cli.ts'
import { EXIT, tellFailure } from './exit-codes.ts'
import { leftBehind } from './left-behind.ts'
import { answerStatus, workerTable } from './status-text.ts'
import { declareName, findPlace, isNotRunning, type NameFlag } from './supervisor-place.ts'

export function define(command: Command, cli: Cli): void {
  const declared = declareName(command).option('--check', 'fail when no worker takes work')
  declared.action(async (flags: NameFlag & { readonly check?: true }) => {
    const { place } = await findPlace(cli, flags)
    try {
      const status = await askSupervisor(place, { verb: 'status' })
      answerStatus(cli.out, status)
      if (flags.check === true && isIll(status)) cli.exit = EXIT.failure
    } catch (error) {
      const left = isNotRunning(error) ? leftBehind(place) : []
      if (left.length === 0) throw error
      answerLeft(cli, place.name, left)
    }
  })
}

function isIll({ supervisor, workers }: SupervisorStatus): boolean {
  return supervisor.count > 0 && workers.every(({ state }) => state !== 'running')
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
