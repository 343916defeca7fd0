// One run of one handler: the stored payload is read and upgraded, the schema computes what the handler gets, the
// handler is called, the clean-ups run, and the ending is known. The same in the worker's thread and in a child. Takes
// no promise or timer that the handler does not need. Slots, time and the store are others' business.

import { runSchema } from '../core/check-input.ts'
import type { Ending } from '../core/decide.ts'
import { keepError } from '../core/kept-error.ts'
import type { SchemaResult } from '../core/standard-schema.ts'
import type { TaskType } from '../core/task-type.ts'
import type { Attempt } from './attempt.ts'
import { Context, type ContextPorts } from './context.ts'
import { endingOfHung, endingOfPayload, endingOfReturn, endingOfThrow } from './endings.ts'
import { isThenable, type Execute } from './execute.ts'

export interface RunPorts {
  readonly execute: Execute
  readonly context: ContextPorts
  /** The warning for a standstill of the event loop, if it just stood still; else null. */
  readonly standstill: () => string | null
  /** The handler has ended, the clean-ups begin. */
  readonly cleaning: (attempt: Attempt) => void
  /** All is over. Null: there is nothing to settle. */
  readonly done: (attempt: Attempt, ending: Ending | null) => void
}

/** Runs it; `done` is called exactly once, in this turn when nothing has to be awaited. */
export function runAttempt(attempt: Attempt, type: TaskType, ports: RunPorts): void {
  const { codecs } = ports.context.settings
  let input: unknown
  try {
    input = JSON.parse(codecs.decode(attempt.task.payload, attempt.task.codec))
  } catch (error) {
    return ports.done(attempt, endingOfPayload(attempt, error, null))
  }
  if ((type.upgrade ?? null) === null || attempt.task.payloadVersion >= type.version)
    return check(attempt, type, input, ports)
  try {
    const upgraded = type.upgrade?.(input as never, attempt.task.payloadVersion)
    if (!isThenable(upgraded)) return check(attempt, type, upgraded, ports)
    Promise.resolve(upgraded).then(
      (late) => check(attempt, type, late, ports),
      (error: unknown) => threw(attempt, type, error, ports),
    )
  } catch (error) {
    threw(attempt, type, error, ports)
  }
}

function check(attempt: Attempt, type: TaskType, input: unknown, ports: RunPorts): void {
  if (type.input === null) return call(attempt, type, input, ports)
  try {
    const checked = runSchema(type.input, input)
    if (!isThenable(checked)) return callChecked(attempt, type, checked, ports)
    Promise.resolve(checked).then(
      (late) => callChecked(attempt, type, late, ports),
      (error: unknown) => threw(attempt, type, error, ports),
    )
  } catch (error) {
    // A schema that throws (a look-up that failed) says nothing about the payload: an ordinary failure.
    threw(attempt, type, error, ports)
  }
}

function callChecked(
  attempt: Attempt,
  type: TaskType,
  checked: SchemaResult<unknown>,
  ports: RunPorts,
): void {
  if (checked.issues !== undefined) return ports.done(attempt, endingOfPayload(attempt, null, checked.issues))
  call(attempt, type, checked.value, ports)
}

function call(attempt: Attempt, type: TaskType, payload: unknown, ports: RunPorts): void {
  // Told to stop while its schema ran: the handler need not begin.
  if (attempt.stop !== null) return ports.done(attempt, endingOfHung(attempt))
  let answer: unknown
  try {
    answer = ports.execute(type, payload, new Context(attempt, payload, ports.context))
  } catch (error) {
    return threw(attempt, type, error, ports)
  }
  if (!isThenable(answer)) return returned(attempt, answer, ports)
  Promise.resolve(answer).then(
    (value) => returned(attempt, value, ports),
    (error: unknown) => threw(attempt, type, error, ports),
  )
}

function returned(attempt: Attempt, value: unknown, ports: RunPorts): void {
  noteStandstill(attempt, ports)
  finish(attempt, endingOfReturn(attempt, value, ports.context.settings), ports)
}

function threw(attempt: Attempt, type: TaskType, error: unknown, ports: RunPorts): void {
  noteStandstill(attempt, ports)
  finish(attempt, endingOfThrow(attempt, error, type, ports.context.settings), ports)
}

function noteStandstill(attempt: Attempt, ports: RunPorts): void {
  const words = ports.standstill()
  if (words !== null) attempt.warn(words)
}

function finish(attempt: Attempt, ending: Ending | null, ports: RunPorts): void {
  if (attempt.cleanups === null) return ports.done(attempt, ending)
  attempt.pending = ending
  ports.cleaning(attempt)
  const warned = attempt.warnings?.length ?? 0
  void cleanUp(attempt, attempt.cleanups).then(() => {
    const more = (attempt.warnings?.length ?? 0) > warned
    ports.done(attempt, more ? withWarnings(ending, attempt) : ending)
  })
}

/** The clean-ups of a handler that was given up before it ended; what it registers from now on is not run. */
export async function cleanUpAfter(attempt: Attempt): Promise<void> {
  if (attempt.cleanups !== null) await cleanUp(attempt, attempt.cleanups)
}

/** The last one registered runs first; one that throws does not keep the others from running. */
async function cleanUp(attempt: Attempt, cleanups: (() => void | Promise<void>)[]): Promise<void> {
  for (let run = cleanups.pop(); run !== undefined; run = cleanups.pop()) {
    try {
      await run()
    } catch (error) {
      attempt.warn(`a clean-up failed: ${keepError(error).message}`.slice(0, 1_000))
    }
  }
}

function withWarnings(ending: Ending | null, attempt: Attempt): Ending | null {
  switch (ending?.kind) {
    case 'returned':
    case 'failed':
    case 'fatal':
      return { ...ending, warnings: attempt.warnings ?? [] }
    default:
      return ending
  }
}
