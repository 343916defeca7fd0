// A worker process of the drill: an ordinary worker that knows the drill's task type and nothing of the user's code.
// Promises to end when whoever drills is gone, however that one ended. Leaves the drill to drill-stage.ts.

import { silentLog } from '../base/log.ts'
import { reportWork } from '../supervisor/reporting.ts'
import { WorkerLink } from '../supervisor/worker-link.ts'
import { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { DRILL_QUEUE, drillTask } from './drill-task.ts'
import { openWindlass } from './open.ts'
import { listenToStop } from './stop-signals.ts'

/** What its standard output says first when it takes work and nobody is linked to hear it. */
export const WORKS = 'a worker of the drill works'

/**
 * Works until it is told to stop.
 * @param stranger it does not look after processes of its host, as if the others ran elsewhere
 */
export async function runDrillWorker(cli: Cli, stranger: boolean): Promise<void> {
  const link = WorkerLink.take()
  const stop = listenToStop()
  link?.onRelease(() => stop.hurry('the drill'))
  link?.onGone(() => stop.hurry('the drill is gone'))
  // Without a supervisor the drill holds the other end of this pipe.
  if (link === null) process.stdin.resume().once('close', () => stop.hurry('the drill is gone'))
  process.title = 'windlass drill worker'
  const { settings } = await openWindlass(cli, { program: 'drill' })
  const windlass = new Windlass(
    {},
    { settings: { ...settings, middleware: [] }, log: silentLog, program: 'drill', loadTasks: false },
  )
  const worker = windlass.worker({
    types: [drillTask],
    queues: [DRILL_QUEUE],
    neighbours: !stranger,
  })
  try {
    await worker.start()
    const end = reportWork(link, () => worker.status())
    if (link === null) process.stdout.write(`${WORKS}\n`)
    stop.onHurry(() => void worker.release())
    await stop.asked
    await worker.stop()
    end()
  } finally {
    await windlass.close()
  }
}
