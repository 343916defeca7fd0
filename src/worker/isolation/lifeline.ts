// How a child process is tied to the life of its worker: a pipe that only the worker holds open, and a process group
// that dies as one. Both ends import this file, so that they cannot disagree.

/** Environment variable that carries what a child process is told when it starts. */
export const CHILD_START = 'WINDLASS_CHILD_START'
/** The child's end of the pipe, whose end is the worker's end. The child writes what blocks its event loop. */
export const GUARD_FD = 4

/** Kills this process and whatever it started in its group. */
export function killOwnGroup(): void {
  killGroup(process.pid)
  process.kill(process.pid, 'SIGKILL')
}

/** Kills the group that `leader` leads, or led: the others of it may outlive it. */
export function killGroup(leader: number): void {
  try {
    process.kill(process.platform === 'win32' ? leader : -leader, 'SIGKILL')
  } catch {
    // ESRCH: nobody is left.
  }
}
