// A worker process as a supervisor sees it, whether it started it (child.ts) or found it (adopted.ts). Owns the words;
// promises nothing by itself.

import type { Link } from './link.ts'

export interface ProcessEnd {
  /** Null: it ended by a signal, or nobody can know. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it could not be started; null: it ran. */
  readonly error: Error | null
}

export interface WorkerProcess {
  /** Null: it could not be started. */
  readonly pid: number | null
  /** As the system tells it, so that a reused pid is never taken for it; empty: unknown. */
  readonly startTime: string
  readonly adopted: boolean
  /** When it was started, in ms of this process's clock (`mono`). */
  readonly since: number
  readonly link: Link
  /** Its last lines, to show them when it died. */
  readonly lastLines: readonly string[]
  /** Resolves once: it and whatever it started in its group are gone, and its last words were read. */
  readonly ended: Promise<ProcessEnd>
  /** Asks it to drain. */
  terminate(): void
  /** Asks it to hand back at once what it runs. */
  release(): void
  /** Kills it and whatever it started. */
  kill(): void
}

/** Kills a process group. Nobody left in it is no error. */
export function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // ESRCH: nobody is left in the group.
  }
}
