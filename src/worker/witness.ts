// May this process say that others are dead? Only after one whole lease of its own monotonic time in which its own
// beats came at gaps of half a lease at most, and engine time and monotonic time went equally fast (CONTRACT rule 6).
// Pure: fed with each beat, asked before each sweep.

/** A beat that the store answered: monotonic time when it was sent and when the answer came, engine time in it. */
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
      return
    }
    const apart = drift(last, beat)
    const gap = beat.received - last.received
    if (apart > Math.max(SLACK, SHARE * gap)) this.#jumped = true
    else if (gap <= this.#lease / 2) return
    this.#since = beat.received
  }

  /** Leases were extended after the jump. */
  extended(): void {
    this.#jumped = false
  }

  /** A new session, or an answer that the old one is gone: everything starts over. */
  reset(): void {
    this.#since = null
    this.#last = null
  }

  /** May this process declare death at the monotonic time `now`? */
  mayDeclare(now: number): boolean {
    if (this.#since === null || this.#last === null || this.#jumped) return false
    const whole = this.#last.received - this.#since >= this.#lease
    return whole && now - this.#last.received <= this.#lease / 2
  }
}

/** How far the clocks surely went apart: the engine read its time somewhere between sending and receiving. */
function drift(last: SeenBeat, beat: SeenBeat): number {
  const engine = beat.engine - last.engine
  const least = beat.sent - last.received
  const most = beat.received - last.sent
  return Math.max(0, engine - most, least - engine)
}
