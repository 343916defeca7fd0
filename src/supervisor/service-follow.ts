// Tells a service manager how a supervisor is: ready when every worker takes work, reloading while it renews them, a
// line about its workers. The supervisor knows nothing of this; it is looked at, and only where somebody wants to hear.
// A worker that is ill is told in that line and is no reason to withhold the sign of life: the supervisor mends it, and
// a manager would kill the healthy ones with it.

import { systemClock, type Cancel, type Clock } from '../base/clock.ts'
import type { SupervisorStatus } from './control.ts'
import type { ServiceNotice } from './service-notice.ts'

export interface FollowOptions {
  readonly status: () => SupervisorStatus
  /** How long one worker may take to make way for the next, in ms. */
  readonly renewal: number
  readonly clock?: Clock
}

/** How often it is looked at, in ms. */
const LOOK = 500
/** Looks between two lines about what is not urgent: each is a process. */
const LOOKS_A_LINE = 20

type Phase = 'starting' | 'ready' | 'reloading' | 'over'

/**
 * Follows a supervisor from before its workers are ready.
 * @returns tells that it stops, which may take so many ms, and follows it no longer
 */
export function followSupervisor(notice: ServiceNotice, options: FollowOptions): (longest: number) => void {
  const { status, renewal, clock = systemClock } = options
  let phase: Phase = 'starting'
  let looks = 0
  let cancel: Cancel = () => undefined
  const look = (): void => {
    const now = status()
    const next = phaseAfter(phase, now)
    if (next !== phase && next === 'ready') notice.ready(lineOf(now))
    else if (next !== phase) notice.reloading(lineOf(now), renewal * now.supervisor.count)
    else if (looks++ % LOOKS_A_LINE === 0) notice.status(lineOf(now))
    phase = next
    cancel = clock.timer(LOOK, look)
  }
  if (notice.heard) look()
  return (longest) => {
    cancel()
    if (phase !== 'over') notice.stopping(`stopping: ${lineOf(status())}`, longest)
    phase = 'over'
  }
}

function phaseAfter(phase: Phase, { supervisor, workers }: SupervisorStatus): Phase {
  if (phase === 'starting') return countRunning(workers) >= supervisor.count ? 'ready' : 'starting'
  if (supervisor.state === 'restarting') return 'reloading'
  return supervisor.state === 'running' ? 'ready' : phase
}

function lineOf({ supervisor, workers }: SupervisorStatus): string {
  const tasks = workers.reduce((sum, { running }) => sum + (running ?? 0), 0)
  const ill = workers.filter(({ state }) => state === 'restarting').map(({ name }) => name)
  const line = `${countRunning(workers)} of ${supervisor.count} workers take work, ${tasks} tasks run`
  return ill.length === 0 ? line : `${line}; restarting: ${ill.join(', ')}`
}

function countRunning(workers: SupervisorStatus['workers']): number {
  return workers.filter(({ state }) => state === 'running').length
}
