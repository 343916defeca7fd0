/**
 * What a supervisor of the tests is given: a child that does as its words say, and a store that only remembers what it
 * was told. Leaves the supervisors to rig.ts and killable.ts.
 */
import { fileURLToPath } from 'node:url'

import type { SessionEnd, SweepReply } from '../../src/core/hot-verbs.ts'
import type { ChildCommand } from '../../src/supervisor/child.ts'
import type { DeathRegister } from '../../src/supervisor/death-report.ts'

/** Where `npm test` keeps compiled code: halves the time of each start. */
const CACHE = process.env['NODE_COMPILE_CACHE']

const PROGRAM = fileURLToPath(new URL('child-program.ts', import.meta.url))

/** How to start it. */
export function childThat(...words: readonly string[]): ChildCommand {
  return { file: process.execPath, args: [PROGRAM, ...words], env: { NODE_COMPILE_CACHE: CACHE } }
}

const NOTHING: SweepReply = {
  turn: true,
  orphans: [],
  overdue: [],
  declaredDead: [],
  expired: 0,
  promoted: 0,
  purged: 0,
  cursor: null,
}

/** A store that only remembers whose end it was told. */
export class Register implements DeathRegister {
  readonly ends: SessionEnd[] = []
  readonly failures: number
  #calls = 0

  constructor(failures = 0) {
    this.failures = failures
  }

  endSession(ends: readonly SessionEnd[]): Promise<'ended'[]> {
    if (this.#calls++ < this.failures) return Promise.reject(new Error('out of reach'))
    this.ends.push(...ends)
    return Promise.resolve(ends.map(() => 'ended' as const))
  }

  sweep = (): Promise<SweepReply> => Promise.resolve(NOTHING)
  settle = (): Promise<never[]> => Promise.resolve([])
  documents = { put: (): Promise<never[]> => Promise.resolve([]) }
}
