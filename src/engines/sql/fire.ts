// The firing of ticks: the schedule, its journal entries and its tasks change in one unit of work.

import type { Firing } from '../../core/cold-verbs.ts'
import type { EnqueueReply } from '../../core/hot-verbs.ts'
import { appendEntries } from './journal.ts'
import { takeTicks } from './schedules.ts'
import type { SqlUnit } from './session.ts'
import { enqueueIn, type Units, type UnitStore } from './units.ts'

/** Fires ticks whose schedule still stands as it was read. */
export async function fireSchedules<S extends UnitStore<U>, U extends SqlUnit>(
  units: Units<S, U>,
  store: S,
  items: readonly Firing[],
): Promise<{ status: 'fired' | 'stale'; tasks: EnqueueReply[] }[]> {
  await units.register(
    store,
    items.flatMap(({ tasks }) => tasks),
  )
  return store.write(async (unit) => {
    const taken = await takeTicks(unit, items)
    const fired = items.filter((_, i) => taken[i])
    await appendEntries(
      unit,
      fired.flatMap(({ journal }) => journal),
    )
    const tasks = fired.flatMap((item) => item.tasks)
    const replies = tasks.length === 0 ? [] : await enqueueIn(units, store, unit, tasks)
    return items.map((item, i) =>
      taken[i] === true
        ? { status: 'fired' as const, tasks: replies.splice(0, item.tasks.length) }
        : { status: 'stale' as const, tasks: [] },
    )
  })
}
