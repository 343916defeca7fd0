// Writes a history: an engine that passes every call on and notes what was asked, answered and when.
// Stands outermost, where a client stands, so that it records what clients are told and not what happened.
// Leaves faults to src/testing/faults and the final look at the store to whoever ends the run.

import { appliedOf } from '../../core/errors.ts'
import type { Engine } from '../../core/engine.ts'
import type { SweepReply } from '../../core/hot-verbs.ts'
import type { Call, CallStatus, Final, History, Run, Verb, Verbs } from './history.ts'

type Draft = { -readonly [K in keyof Call]: Call[K] }

/** Gathers the events of one run, from any number of nodes. */
export class Recorder {
  readonly #now: () => number
  readonly #mono: () => number
  readonly #calls: Draft[] = []
  readonly #runs: Run[] = []
  #position = 0
  #healed: number | null = null
  #latest = 0
  /** Engine time less steady time, at most. */
  #ahead = Number.NEGATIVE_INFINITY
  #clockWentBack = false

  /**
   * @param now engine time
   * @param mono milliseconds that only rise, whatever engine time does
   */
  constructor(now: () => number, mono: () => number = now) {
    this.#now = now
    this.#mono = mono
  }

  /** The engine as the client `node` is to use it. */
  watch(engine: Engine, node: string): Engine {
    const noted =
      <V extends Verb>(verb: V, call: (asked: Verbs[V]['asked']) => Promise<Verbs[V]['told']>) =>
      (asked: Verbs[V]['asked']) =>
        this.#note(node, verb, asked, call)
    const sweep = noted('sweep', (asked) => Promise.all(asked.map((one) => engine.sweep(one))))
    return over(engine, {
      enqueue: noted('enqueue', (tasks) => engine.enqueue(tasks)),
      claim: noted('claim', (requests) => engine.claim(requests)),
      settle: noted('settle', (settlements) => engine.settle(settlements)),
      startSession: noted('startSession', (sessions) => engine.startSession(sessions)),
      heartbeat: noted('heartbeat', (beats) => engine.heartbeat(beats)),
      endSession: noted('endSession', (ends) => engine.endSession(ends)),
      sweep: async (request) => (await sweep([request]))[0] as SweepReply,
      records: over(engine.records, { act: noted('act', (actions) => engine.records.act(actions)) }),
      schedules: over(engine.schedules, { fire: noted('fire', (items) => engine.schedules.fire(items)) }),
      documents: over(engine.documents, {
        put: noted('putDocument', (items) => engine.documents.put(items)),
      }),
    })
  }

  /** A handler starts or ends. */
  run(node: string, what: 'start' | 'end', task: { id: string; claim: string; attempt: number }): void {
    const { id, claim, attempt } = task
    this.#runs.push({ node, what, position: this.#next(), at: this.#time(), id, claim, attempt })
  }

  /** From here on no fault fires. */
  heal(): void {
    this.#healed = this.#next()
  }

  /** The history so far, with what the store holds. */
  history(final: Final): History {
    const { calls, runs } = { calls: this.#calls as Call[], runs: this.#runs }
    return { calls, runs, final, healed: this.#healed, clockWentBack: this.#clockWentBack }
  }

  #next(): number {
    return ++this.#position
  }

  #time(): number {
    const now = this.#now()
    // A small jump back hides between two looks at a clock that goes on; the steady clock shows it. Less than one
    // millisecond is rounding.
    const ahead = now - this.#mono()
    if (now < this.#latest || ahead <= this.#ahead - 1) this.#clockWentBack = true
    this.#latest = now
    this.#ahead = Math.max(this.#ahead, ahead)
    return now
  }

  async #note<V extends Verb>(
    node: string,
    verb: V,
    asked: Verbs[V]['asked'],
    call: (asked: Verbs[V]['asked']) => Promise<Verbs[V]['told']>,
  ): Promise<Verbs[V]['told']> {
    const at = this.#time()
    const open = { returned: Number.POSITIVE_INFINITY, until: at, status: 'unknown', told: null } as const
    const times = { at, sent: this.#mono(), heard: Number.POSITIVE_INFINITY }
    const draft = { node, verb, invoked: this.#next(), asked, ...times, ...open } as unknown as Draft
    this.#calls.push(draft)
    const end = (status: CallStatus, told: Verbs[V]['told'] | null): void => {
      Object.assign(draft, { status, told, until: this.#time(), heard: this.#mono() })
      // What is unknown may still happen: it never returns.
      if (status !== 'unknown') draft.returned = this.#next()
    }
    try {
      const told = await call(asked)
      end('ok', told)
      return told
    } catch (error) {
      end(appliedOf(error) === 'no' ? 'not_applied' : 'unknown', null)
      throw error
    }
  }
}

/** An object with some members replaced; the others keep their own `this`. */
export function over<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(from, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name) as unknown
      const value: unknown = Reflect.get(from, name, from)
      return typeof value === 'function' ? (value.bind(from) as unknown) : value
    },
  })
}
