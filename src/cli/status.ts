// `windlass status`: the supervisor and each of its workers, as they are now. Exit 3 when there is no supervisor.

import type { Command } from 'commander'

import { askSupervisor } from '../supervisor/ask.ts'
import type { Cli } from './cli.ts'
import { answerStatus } from './status-text.ts'
import { declareName, findPlace, type NameFlag } from './supervisor-place.ts'

export function define(command: Command, cli: Cli): void {
  declareName(command).action(async (flags: NameFlag) => {
    const { place } = await findPlace(cli, flags)
    const status = await askSupervisor(place, { verb: 'status' })
    answerStatus(cli.out, status)
  })
}
