// The letters between which texts are packed, and the words that stand for states. A text of a caller that holds one
// of these letters is written with an escape, so that scripts can take rows apart without knowing what is in them.

import { TASK_STATES, type TaskState } from '../../core/record.ts'

/** Between fields, lines and items; the Lua scripts call them FS, LS and IS. */
export const FIELD = '\u001F'
export const LINE = '\u001E'
export const ITEM = '\u001D'
const ESCAPE = '\u001C'

// oxlint-disable-next-line no-control-regex -- these are the letters
const RESERVED = /[\u001C-\u001F]/
// oxlint-disable-next-line no-control-regex -- these are the letters
const EACH_RESERVED = /[\u001C-\u001F]/g
// oxlint-disable-next-line no-control-regex -- these are the letters
const EACH_ESCAPED = /\u001C([0-3])/g

/** A text as it may stand inside a row or a key. */
export function word(text: string): string {
  if (!RESERVED.test(text)) return text
  return text.replace(EACH_RESERVED, (letter) => `${ESCAPE}${letter.charCodeAt(0) - 0x1c}`)
}

/** The text that a word stands for. */
export function unword(packed: string): string {
  if (!packed.includes(ESCAPE)) return packed
  return packed.replace(EACH_ESCAPED, (_, digit: string) => String.fromCharCode(0x1c + Number(digit)))
}

/** A word that may be missing: '' for null. */
export function optional(text: string | null): string {
  return text === null ? '' : `=${word(text)}`
}

/** What optional() packed. */
export function unoptional(packed: string): string | null {
  return packed === '' ? null : unword(packed.slice(1))
}

/** A number that may be missing: '' for null. */
export function digits(value: number | null): string {
  return value === null ? '' : String(value)
}

/** What digits() wrote. */
export function undigits(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text)
}

/** One digit for each state, in the order of a task's life. */
export function codeOf(state: TaskState): string {
  return String(TASK_STATES.indexOf(state))
}

/** The state of a digit. */
export function stateOf(code: string | number): TaskState {
  const state = TASK_STATES[Number(code)]
  if (state === undefined) throw new Error(`no state has the code ${code}`)
  return state
}
