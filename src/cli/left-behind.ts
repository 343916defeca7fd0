// Workers that outlived their supervisor, as `status` shows and `stop` ends them while no other supervisor has taken
// them over. Promises to signal no process that is not surely one of them. Leaves finding them to
// src/supervisor/survivors.ts; what they do at a signal is in worker.ts.

import { sleep, systemClock, type Clock } from '../base/clock.ts'
import type { WorkerFacts } from '../supervisor/control.ts'
import type { Place } from '../supervisor/place.ts'
import type { SavedWorker } from '../supervisor/state.ts'
import { findSurvivors, holderOf, isAlive } from '../supervisor/survivors.ts'
import { killGroup } from '../supervisor/worker-process.ts'
import { readIdentity } from '../worker/identity.ts'

/** Between two looks whether they are gone, in ms. */
const LOOK = 100
/** A second signal that comes sooner counts as the first one (worker.ts), in ms. */
const APART = 1_200
/** From the second signal to the kill, in ms. */
const LAST = 3_000

/** What can be known of them. None while a supervisor of the place lives: they are its workers. */
export function leftBehind(place: Place): WorkerFacts[] {
  return living(place).map(factsOf)
}

function living(place: Place): readonly SavedWorker[] {
  return holderOf(place) === null ? findSurvivors(place).living : []
}

function factsOf({ name, pid, started_at, ready, leaving, restarts, session }: SavedWorker): WorkerFacts {
  return {
    name,
    pid,
    state: leaving ? 'draining' : ready ? 'running' : 'starting',
    uptime_ms: Math.max(0, Math.round(systemClock.wall() - Date.parse(started_at))),
    rss_mb: null,
    cpu: null,
    loop_delay_ms: null,
    running: null,
    finished: null,
    restarts,
    session,
    adopted: false,
    last_end: null,
  }
}

export interface EndOptions {
  /** Longest drain in ms, 0: hand back at once what they run. */
  readonly grace: number
  /** Told after each look, who is left. */
  readonly onLook: (left: readonly WorkerFacts[]) => void
  readonly clock?: Clock
}

/**
 * Lets those that are there now drain, hurries those that are late, kills those that do not listen. Resolves when they
 * are gone.
 */
export async function endLeftBehind(place: Place, options: EndOptions): Promise<void> {
  const { grace, onLook, clock = systemClock } = options
  const since = clock.mono()
  // What is to happen next, and when. A group that was killed is waited for, too.
  const steps = [
    { at: 0, act: terminate },
    { at: Math.max(grace, APART), act: terminate },
    { at: Math.max(grace, APART) + LAST, act: killGroup },
  ]
  const found = living(place)
  const self = readIdentity()
  for (;;) {
    // Not what is written down by now: a supervisor that came meanwhile has workers of its own there.
    const left = found.filter((worker) => isAlive(worker, self))
    onLook(left.map(factsOf))
    if (left.length === 0) return
    const step = steps[0]
    if (step !== undefined && clock.mono() - since >= step.at) {
      steps.shift()
      for (const { pid } of left) step.act(pid)
    }
    await sleep(clock, LOOK)
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has just ended.
  }
}
