// The ends of worker processes, told to the store. Promises that each is told at once and until it is known, and that a
// stop does not wait for a store that stays out of reach. Leaves how to tell it to death-report.ts, and what an end
// means for the worker's place to slot.ts.

import { systemClock } from '../base/clock.ts'
import type { SessionEnd } from '../core/hot-verbs.ts'
import { endingLine } from '../worker/ending-words.ts'
import { reportDeath, type DeathReporterOptions } from './death-report.ts'
import type { Tell } from './events.ts'
import { DEAF_EXIT } from './messages.ts'
import type { ProcessEnd } from './worker-process.ts'

export interface DeathDeskOptions extends Omit<
  DeathReporterOptions,
  'onError' | 'onRescued' | 'signal' | 'detail'
> {
  readonly tell: Tell
}

/** How long a stop waits for reports that do not reach the store, in ms. */
const LAST_REPORTS = 1_000

/** Reports on their way. */
export class DeathDesk {
  readonly #options: DeathDeskOptions
  readonly #reports = new Set<Promise<void>>()
  readonly #hurry = new AbortController()

  constructor(options: DeathDeskOptions) {
    this.#options = options
  }

  /**
   * Always told, also after exit code 0: user code can end the process in the middle of a task.
   * @param killedByUs what it ran is handed back without a charge
   */
  report(worker: string, session: string, end: ProcessEnd, killedByUs: boolean): void {
    const { tell } = this.#options
    // What a deaf worker ran has ended or was handed back, as far as the store heard of it: nothing of it is to blame.
    const cause = killedByUs || end.code === DEAF_EXIT ? 'stopped' : 'killed'
    const clean = end.signal === null && (end.code ?? 0) === 0
    const told: SessionEnd = { session, cause, culprits: null }
    const unreported = (error: unknown, given_up: boolean): void =>
      tell({ kind: 'unreported', worker, session, error, given_up })
    const report = reportDeath(told, {
      ...this.#options,
      signal: this.#hurry.signal,
      detail: `worker ${worker} ${wordsFor(end)}`,
      onError: (error) => unreported(error, false),
      onRescued: (task, outcome) => {
        const line = endingLine(task, outcome)
        const { id, type, attempt } = task
        if (line !== null) tell({ kind: 'rescued', worker, task: id, type, attempt, line })
      },
    }).then((answer) => {
      this.#reports.delete(report)
      if (answer === null) unreported(null, true)
      else if (answer.news || answer.rescued > 0 || !clean)
        tell({ kind: 'reported', worker, session, rescued: answer.rescued })
    })
    this.#reports.add(report)
  }

  /** Waits for the reports, but not long: somebody waits for us, and the lease ends an untold session too. */
  async close(): Promise<void> {
    const { clock = systemClock } = this.#options
    const cancel = clock.timer(LAST_REPORTS, () => this.#hurry.abort(), true)
    await Promise.all(this.#reports)
    cancel()
  }
}

/** How it ended, for people: `ended with exit code 1`. */
export function wordsFor({ code, signal, error }: ProcessEnd): string {
  if (error !== null) return `could not be started: ${error.message}`
  if (signal !== null) return `was ended by ${signal}`
  return code === null ? 'ended, nobody saw how' : `ended with exit code ${code}`
}
