// `windlass stop`: ends a supervisor and its workers, and waits until they are gone, also workers that outlived their
// supervisor. Running tasks may end, unless it is forced; nothing is lost or charged either way. A forced stop kills a
// supervisor that does not answer. Exit 3 when nothing runs.

import type { Command } from 'commander'

import { sleep, systemClock } from '../base/clock.ts'
import { WindlassError } from '../core/errors.ts'
import { askSupervisor } from '../supervisor/ask.ts'
import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import type { Place } from '../supervisor/place.ts'
import { holderOf } from '../supervisor/survivors.ts'
import { isGone, readIdentity, startTimeOf } from '../worker/identity.ts'
import { askAndWatch, untilLeft } from './await-supervisor.ts'
import type { Cli } from './cli.ts'
import { endLeftBehind, leftBehind } from './left-behind.ts'
import { changeLines } from './status-text.ts'
import { stopLimitFor } from './stop-limit.ts'
import { declareName, findPlace, isNotRunning, type NameFlag } from './supervisor-place.ts'
import { readSeconds } from './values.ts'

interface Flags extends NameFlag {
  readonly grace?: string
  readonly force?: boolean
}

/** A supervisor that lives answers in a few ms. */
const PATIENCE = 3_000
/** Between two looks whether a process is gone, in ms, and how long that may take. */
const LOOK = 20
const LAST_STEPS = 5_000

export function define(command: Command, cli: Cli): void {
  declareName(command)
    .option(
      '--grace <duration>',
      'how long running tasks may take to end, at most and by default worker.drain (300 s)',
    )
    .option('--force', 'hand back running tasks at once; kill a supervisor that does not answer')
    .action(async (flags: Flags) => {
      const grace = flags.grace === undefined ? null : readSeconds(flags.grace, '--grace')
      const { place, settings } = await findPlace(cli, flags)
      const request = { verb: 'stop', grace, force: flags.force === true } as const
      let stopped: SupervisorStatus | null = null
      let nobody: unknown = null
      if (request.force) await killMute(place)
      try {
        stopped = await askAndWatch(cli, place, request)
        await untilGone(stopped.supervisor.pid)
      } catch (error) {
        if (!isNotRunning(error)) throw error
        nobody = error
      }
      // Of a supervisor that died, perhaps while it stopped.
      const left = leftBehind(place)
      if (left.length > 0)
        await endLeft(cli, place, request.force ? 0 : (grace ?? stopLimitFor(settings.worker.drain)))
      else if (stopped === null) throw nobody
      answer(cli, place, stopped, [...(stopped?.workers ?? []), ...left])
    })
}

/** Kills a supervisor that hears nothing. Its workers are then those that it left behind. */
async function killMute(place: Place): Promise<void> {
  try {
    await askSupervisor(place, { verb: 'status' }, { patience: PATIENCE })
  } catch (error) {
    const pid = isMute(error) ? holderOf(place) : null
    if (pid === null) return
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
    await untilGone(pid)
  }
}

function isMute(error: unknown): boolean {
  return error instanceof WindlassError && error.code === 'wait_timeout'
}

/** The end of its connection comes a moment before the end of its process. */
async function untilGone(pid: number): Promise<void> {
  const self = readIdentity()
  const supervisor = { ...self, pid, startTime: startTimeOf(pid) }
  const until = systemClock.mono() + LAST_STEPS
  while (supervisor.startTime !== '' && !isGone(supervisor, self) && systemClock.mono() < until)
    await sleep(systemClock, LOOK)
}

/** They drain by themselves once they were told to, so nothing is lost when nobody waits any more. */
async function endLeft(cli: Cli, place: Place, grace: number): Promise<void> {
  let before: readonly WorkerFacts[] | null = null
  const ended = endLeftBehind(place, {
    grace,
    onLook: (left) => {
      for (const line of before === null ? [] : changeLines(before, left, cli.out)) cli.out.note(line)
      before = left
    },
  })
  await Promise.race([ended, untilLeft('stop')])
}

function answer(
  { out }: Cli,
  { name }: Place,
  stopped: SupervisorStatus | null,
  ended: readonly WorkerFacts[],
): void {
  const workers = [...new Map(ended.map((one) => [one.pid, one.name]))].flatMap(([pid, worker]) =>
    pid === null ? [] : [{ name: worker, pid }],
  )
  const count = workers.length
  const supervisor = stopped === null ? null : { name, pid: stopped.supervisor.pid }
  out.answer({ supervisor, workers }, () =>
    supervisor === null
      ? out.say('stop.left', { name, count })
      : out.say('stop.done', { name, pid: supervisor.pid, count }),
  )
}
