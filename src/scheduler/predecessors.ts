// Which schedules have a task that has not ended: the newest entries of their ledgers name the tasks, the store knows
// their states. Safe beside other schedulers: whoever fires moves the due time, and with it makes stale what was
// decided here. A task that an operator runs again later is not looked for.

import type { Engine } from '../core/engine.ts'
import { LIMITS } from '../core/limits.ts'
import { isFinal } from '../core/record.ts'
import { readTick, TICK_STREAM } from '../core/schedule-tick.ts'

/** Entries that are looked at: each but those of missed ticks names a task. */
const NEWEST = 5
const AT_ONCE = 16

/** By name, a task of the schedule that has not ended. */
export async function findActive(engine: Engine, names: readonly string[]): Promise<Map<string, string>> {
  const named = new Map<string, string>()
  for (let from = 0; from < names.length; from += AT_ONCE)
    await Promise.all(
      names.slice(from, from + AT_ONCE).map(async (name) => {
        for (const id of await lastTasks(engine, name)) named.set(id, name)
      }),
    )
  const active = new Map<string, string>()
  const ids = [...named.keys()]
  for (let from = 0; from < ids.length; from += LIMITS.page) {
    const tasks = await engine.records.get(ids.slice(from, from + LIMITS.page))
    for (const task of tasks) {
      const name = task === null ? undefined : named.get(task.id)
      if (task !== null && name !== undefined && !isFinal(task.state)) active.set(name, task.id)
    }
  }
  return active
}

async function lastTasks(engine: Engine, name: string): Promise<string[]> {
  const query = { stream: TICK_STREAM, key: name, from: null, to: null, limit: NEWEST, cursor: null }
  const { entries } = await engine.journal.read(query)
  return entries.flatMap(({ body }) => {
    const entry = readTick(body)
    return entry === null || entry.outcome === 'failed' || entry.task === null ? [] : [entry.task]
  })
}
