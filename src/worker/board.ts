// What runs in which slot and until when at most, in memory that the heart's thread can read while a handler blocks
// this one. Writing costs a task well under a microsecond; nothing else is sent to that thread for a task.
// Times are of a clock that all threads of the process share.

import { LIMITS } from '../core/limits.ts'
import type { Clock } from '../base/clock.ts'

const ID_BYTES = LIMITS.keyBytes
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** performance.now() counts from the start of its thread; this brings it to the one origin of the process. */
const SHIFT = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** Slots side by side: a turn number that is odd while a slot is written, the end, the id. */
export class Board {
  readonly buffer: SharedArrayBuffer
  readonly slots: number
  readonly #clock: Clock
  readonly #turns: Int32Array
  readonly #lengths: Int32Array
  readonly #ends: Float64Array
  readonly #ids: Uint8Array

  /** @param from number of slots, or the buffer of another thread's board */
  constructor(from: number | SharedArrayBuffer, clock: Clock) {
    const slotBytes = 8 + 4 + 4 + ID_BYTES
    this.buffer = typeof from === 'number' ? new SharedArrayBuffer(from * slotBytes) : from
    this.slots = this.buffer.byteLength / slotBytes
    this.#clock = clock
    this.#ends = new Float64Array(this.buffer, 0, this.slots)
    this.#turns = new Int32Array(this.buffer, this.slots * 8, this.slots)
    this.#lengths = new Int32Array(this.buffer, this.slots * 12, this.slots)
    this.#ids = new Uint8Array(this.buffer, this.slots * 16)
  }

  /** The task `id` runs in `slot` and must be gone `within` ms from now; null: no limit. */
  put(slot: number, id: string, within: number | null): void {
    if (within === null) return
    const at = slot * ID_BYTES
    Atomics.add(this.#turns, slot, 1)
    this.#lengths[slot] = encoder.encodeInto(id, this.#ids.subarray(at, at + ID_BYTES)).written
    this.#ends[slot] = this.#clock.mono() + SHIFT + within
    Atomics.add(this.#turns, slot, 1)
  }

  /** The slot has no limit any more. */
  clear(slot: number): void {
    this.#ends[slot] = 0
  }

  /** Ids of the tasks that are over their end by more than `margin` ms. */
  overdue(margin: number): string[] {
    const now = this.#clock.mono() + SHIFT - margin
    const ids: string[] = []
    for (let slot = 0; slot < this.slots; slot++) {
      const end = this.#ends[slot] ?? 0
      if (end === 0 || end > now) continue
      const turn = Atomics.load(this.#turns, slot)
      const at = slot * ID_BYTES
      // A copy: the decoder refuses shared memory.
      const id = decoder.decode(this.#ids.slice(at, at + (this.#lengths[slot] ?? 0)))
      const still = this.#ends[slot] === end && turn % 2 === 0 && turn === Atomics.load(this.#turns, slot)
      if (still) ids.push(id)
    }
    return ids
  }
}
