// A system for a trial: the configured store under a namespace that is there for nothing else, so that no task, worker or
// queue of the user has to do with it. Promises that `remove` leaves nothing of it, not even a file that was not there.
// Leaves what is tried to selftest.ts and drill.ts.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'

import { silentLog } from '../base/log.ts'
import type { Settings } from '../config/settings.ts'
import { dropTrial, withNamespace } from '../engines/namespaces.ts'
import { Windlass } from '../windlass.ts'
import { sqliteFile } from './doctor-facts.ts'

export interface Trial {
  readonly windlass: Windlass
  /** Nothing else may have it open by then. */
  remove(): Promise<void>
}

/** Nothing is connected yet. The user's middleware stays out of it. */
export function openTrial(settings: Settings): Trial {
  const url = withNamespace(settings.engine.url, `trial_${randomBytes(5).toString('hex')}`)
  const file = sqliteFile(settings.engine.url)
  const isNew = file !== null && !existsSync(file)
  const windlass = new Windlass(
    {},
    {
      settings: { ...settings, engine: { ...settings.engine, url }, migrate: true, middleware: [] },
      log: silentLog,
      loadTasks: false,
    },
  )
  return {
    windlass,
    async remove() {
      await windlass.close()
      await dropTrial(url, { store: isNew })
    },
  }
}
