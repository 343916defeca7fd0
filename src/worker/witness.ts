// May this process say that others are dead? Only after one whole lease of its own monotonic time in which its own
// beats came at gaps of half a lease at most, and engine time and monotonic time went equally fast (CONTRACT rule 6).
// Pure: fed with each beat, asked before each sweep.

/** An answer of the store: monotonic time when it was asked and when the answer came, engine time in it. */
export interface SeenBeat {
  readonly sent: number
  readonly received: number
  readonly engine: number
}

const SLACK = 2_000
const SHARE = 0.1

export class Witness {
  readonly #lease: number
  #since: number | null = null
  #last: SeenBeat | null = null
  #jumped = false
  #steadySince: number | null = null

  constructor(lease: number) {
    this.#lease = lease
  }

  /** The clocks went apart, and nobody has extended the leases since. */
  get jumped(): boolean {
    return this.#jumped
  }

  note(beat: SeenBeat): void {
    const last = this.#last
    this.#last = beat
    if (last === null) {
      this.#since = beat.received
      this.#steadySince ??= beat.received
    } else if (apart(last, beat)) this.#jump(beat)
    else if (beat.received - last.received > this.#lease / 2) this.#since = beat.received
  }

  /** Looks at the clocks between two beats: the jump may have come since the last one. */
  check(seen: SeenBeat): void {
    if (this.#last === null || !apart(this.#last, seen)) return
    this.#last = seen
    this.#jump(seen)
  }

  /** Leases were extended after the jump. */
  extended(): void {
    this.#jumped = false
  }

  /** A new session, or an answer that the old one is gone: everything starts over. */
  reset(): void {
    this.#since = null
    this.#last = null
    this.#steadySince = null
  }

  /** For how long both clocks surely went equally fast: deadlines of engine time mean nothing beyond it. */
  steadyFor(now: number): number {
    return this.#steadySince === null ? 0 : now - this.#steadySince
  }

  /** May this process declare death at the monotonic time `now`? */
  mayDeclare(now: number): boolean {
    if (this.#since === null || this.#last === null || this.#jumped) return false
    const whole = this.#last.received - this.#since >= this.#lease
    return whole && now - this.#last.received <= this.#lease / 2
  }

  #jump(seen: SeenBeat): void {
    this.#jumped = true
    this.#since = seen.received
    this.#steadySince = seen.received
  }
}

/** Did the clocks surely go apart? The engine read its time somewhere between the asking and the answer. */
function apart(last: SeenBeat, seen: SeenBeat): boolean {
  const engine = seen.engine - last.engine
  const least = seen.sent - last.received
  const most = seen.received - last.sent
  return Math.max(engine - most, least - engine) > Math.max(SLACK, SHARE * (seen.received - last.received))
}
