// When two answers are the same: field by field as plain JSON, places by rank only, sets where no order is promised.
// Leaves what is asked to the moves.

import { deepStrictEqual } from 'node:assert/strict'

import type { TaskRecord } from '../../src/core/record.ts'

/** Throws when an answer of the engine is not the one of the model; `what` says which. */
export function same(what: string, actual: unknown, expected: unknown): void {
  deepStrictEqual(plain(actual), plain(expected), `${what}: engine (actual) and model (expected) differ`)
}

function plain(value: unknown): unknown {
  return value === undefined ? 'undefined' : JSON.parse(JSON.stringify(value))
}

/** A record as both sides must tell it. Only the rank of a place is promised, and only while it waits or runs. */
export function record(task: TaskRecord): object {
  const { place, ...rest } = task
  const known = task.state === 'ready' ? place !== null : task.state === 'scheduled' ? place === null : true
  return { ...rest, place: known ? 'as it should be' : place }
}

/** Sorted by their JSON text: for answers whose order is open. */
export function asSet(values: readonly unknown[]): string[] {
  return values.map((value) => JSON.stringify(value, inOneOrder)).toSorted()
}

/** The same fields in one order, whoever made the object. */
function inOneOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Ids of ready tasks by place. */
export function placeOrder(tasks: readonly TaskRecord[]): string[] {
  return tasks
    .filter(({ state }) => state === 'ready')
    .toSorted((a, b) => (a.place ?? 0) - (b.place ?? 0))
    .map(({ id }) => id)
}
