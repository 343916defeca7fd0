// `windlass stop`: ends a supervisor and its workers, and waits until they are gone. Running tasks may end, unless it is
// forced; nothing is lost or charged either way. Exit 3 when nothing runs.

import type { Command } from 'commander'
import { readFileSync } from 'node:fs'

import { sleep, systemClock } from '../base/clock.ts'
import type { SupervisorStatus } from '../supervisor/control.ts'
import { askAndWatch } from './await-supervisor.ts'
import type { Cli } from './cli.ts'
import { declareName, findPlace, type NameFlag } from './supervisor-place.ts'
import { readSeconds } from './values.ts'

interface Flags extends NameFlag {
  readonly grace?: string
  readonly force?: boolean
}

/** Between two looks whether a process is gone, in ms, and how long that may take. */
const LOOK = 20
const LAST_STEPS = 5_000

export function define(command: Command, cli: Cli): void {
  declareName(command)
    .option('--grace <duration>', 'how long running tasks may take to end (default: worker.drain, 300 s)')
    .option('--force', 'hand back running tasks at once')
    .action(async (flags: Flags) => {
      const grace = flags.grace === undefined ? null : readSeconds(flags.grace, '--grace')
      const { place } = await findPlace(cli, flags)
      const status = await askAndWatch(cli, place, { verb: 'stop', grace, force: flags.force === true })
      await untilGone(status.supervisor.pid)
      answer(cli, status)
    })
}

/** The end of its connection comes a moment before the end of its process. */
async function untilGone(pid: number): Promise<void> {
  const until = systemClock.mono() + LAST_STEPS
  while (isAlive(pid) && systemClock.mono() < until) await sleep(systemClock, LOOK)
}

function answer(cli: Cli, { supervisor: { pid, name }, workers }: SupervisorStatus): void {
  const stopped = workers.flatMap((one) => (one.pid === null ? [] : [{ name: one.name, pid: one.pid }]))
  cli.out.answer({ supervisor: { pid, name }, workers: stopped }, () =>
    cli.out.say('stop.done', { name, pid, count: stopped.length }),
  )
}

/** What nobody has buried yet is gone, too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return (
      process.platform !== 'linux' || !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    )
  } catch {
    return false
  }
}
