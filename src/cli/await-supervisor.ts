// Asking a supervisor for something that takes a while: people see what happens to the workers meanwhile.
// Promises that Ctrl-C leaves what was begun going on, and says so. Leaves the asking to src/supervisor/ask.ts and the
// words to status-text.ts.

import { WindlassError } from '../core/errors.ts'
import { askSupervisor } from '../supervisor/ask.ts'
import type { ControlRequest, SupervisorStatus } from '../supervisor/control.ts'
import type { Place } from '../supervisor/place.ts'
import type { Cli } from './cli.ts'
import { changeLines } from './status-text.ts'
import { listenToStop } from './stop-signals.ts'

/** How often the workers are looked at meanwhile, in ms. */
const LOOK = 500

/**
 * Asks, and waits until it is done.
 * @returns how it stands then; for `stop` how it stood when it began
 * @throws WindlassError `wait_timeout` after Ctrl-C: it goes on; else as askSupervisor
 */
export async function askAndWatch(
  cli: Cli,
  place: Place,
  request: ControlRequest,
  wait = true,
): Promise<SupervisorStatus> {
  if (!wait) return askSupervisor(place, request, { wait })
  const watching = watch(cli, place)
  try {
    return await Promise.race([askSupervisor(place, request), untilLeft(request.verb)])
  } finally {
    watching.end()
  }
}

/**
 * Fails as soon as the user does not want to wait any more.
 * @throws WindlassError `wait_timeout`
 */
export async function untilLeft(verb: string): Promise<never> {
  await listenToStop().asked
  throw new WindlassError('wait_timeout', `not waited for any longer: the ${verb} goes on`, {
    hint: 'windlass status shows how far it is.',
  })
}

/** Prints what changes, for people only. */
function watch(cli: Cli, place: Place): { end: () => void } {
  if (cli.out.json) return { end: () => undefined }
  let before: SupervisorStatus | null = null
  let over = false
  let timer: NodeJS.Timeout | null = null
  const look = async (): Promise<void> => {
    // A supervisor that has gone meanwhile is told of by the request itself.
    const now = await askSupervisor(place, { verb: 'status' }).catch(() => null)
    if (over) return
    if (now !== null) {
      const lines = before === null ? [] : changeLines(before.workers, now.workers, cli.out)
      for (const line of lines) cli.out.note(line)
      before = now
    }
    timer = setTimeout(() => void look(), LOOK)
  }
  void look()
  return {
    end: () => {
      over = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
