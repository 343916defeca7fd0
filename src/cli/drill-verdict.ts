// From what the runs of a round said, and the moment of the kill, to what is promised: how soon the interrupted tasks ran
// again, that none ran twice, that none was lost. Pure. Leaves seeing it to drill-stage.ts.

/** One run of a task, as its process told it. */
export interface Run {
  readonly task: string
  readonly pid: number
  readonly began: number
  /** Null: it never said that it ended. */
  readonly ended: number | null
}

/** A worker process that was killed. */
export interface Kill {
  readonly pid: number
  readonly at: number
}

export interface Verdict {
  /** Tasks that the killed process was running. */
  readonly interrupted: number
  /** From the kill to the start of the rerun that came last, in ms; null: there was none. */
  readonly rescue_ms: number | null
  /** Runs that began while another one of their task went on, or after one had come to its end. */
  readonly duplicates: number
  /** Tasks that did not succeed. */
  readonly lost: number
}

/** @param succeeded whether each task came to its end, by id */
export function judge(succeeded: ReadonlyMap<string, boolean>, runs: readonly Run[], kill: Kill): Verdict {
  const rescues: number[] = []
  let interrupted = 0
  let duplicates = 0
  for (const task of succeeded.keys()) {
    const own = runs.filter((run) => run.task === task).toSorted((a, b) => a.began - b.began)
    for (const [i, run] of own.entries()) {
      const next = own[i + 1]
      const killed = run.pid === kill.pid && run.ended === null
      if (killed) interrupted++
      if (next === undefined) continue
      if (killed) rescues.push(next.began - kill.at)
      const over = run.ended ?? (killed ? kill.at : Number.POSITIVE_INFINITY)
      if (run.ended !== null || next.began < over) duplicates++
    }
  }
  return {
    interrupted,
    rescue_ms: rescues.length === 0 ? null : Math.max(...rescues),
    duplicates,
    lost: [...succeeded.values()].filter((one) => !one).length,
  }
}

/** What is promised for a killed worker, in ms: its supervisor saw it. */
const KILL_LIMIT = 1_500

/**
 * How long a rescue may take, in ms.
 * @param lease null: only one process was killed; else the lease that has to end, because the whole host is gone
 */
export function limitOf(lease: number | null): number {
  // Half a lease, or 5 s where that is more, for the sweep that notices it and for the claim.
  return lease === null ? KILL_LIMIT : Math.max(lease * 1.5, lease + 5_000)
}

/** Does the round keep the promise? */
export function holds({ interrupted, rescue_ms: rescue, duplicates, lost }: Verdict, limit: number): boolean {
  return interrupted > 0 && rescue !== null && rescue <= limit && duplicates === 0 && lost === 0
}
