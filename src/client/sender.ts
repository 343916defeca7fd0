// Sends new tasks to the engine: concurrent calls of one tick travel as one array, in two lanes (CONTRACT rule 14).
// Plain tasks (minted id, no key) never wait for keyed ones. Each task is repeated with its own id until its own
// deadline; what one row caused is told to its caller alone (bisection in base/batcher.ts).

import { Batcher } from '../base/batcher.ts'
import { sleep } from '../base/clock.ts'
import type { CallerTransaction } from '../core/engine.ts'
import { appliedOf, WindlassError } from '../core/errors.ts'
import type { EnqueueReply, NewTask } from '../core/hot-verbs.ts'
import { LIMITS } from '../core/limits.ts'
import { backoff, inDoubt, isRepeatable, type Ground } from './repeat.ts'

interface Parcel {
  readonly task: NewTask
  readonly weight: number
  /** Monotonic time after which it is not sent again. */
  readonly until: number
  /** A send ended unknown: it may be in the store. */
  doubt: boolean
}

type Answer = { readonly reply: EnqueueReply } | { readonly error: unknown }

export class Sender {
  readonly #ground: Ground
  readonly #plain: Batcher<Parcel, Answer>
  readonly #keyed: Batcher<Parcel, Answer>

  constructor(ground: Ground) {
    this.#ground = ground
    this.#plain = this.#lane()
    this.#keyed = this.#lane()
  }

  /** Sends one task, together with others of its lane. */
  send(task: NewTask): Promise<EnqueueReply> {
    return this.#carry(task.minted && task.unique === null ? this.#plain : this.#keyed, task)
  }

  /** Sends many in chunks of their own, in order. Answers what became of each. */
  sendMany(tasks: readonly NewTask[]): Promise<PromiseSettledResult<EnqueueReply>[]> {
    const lane = this.#lane()
    return Promise.allSettled(tasks.map((task) => this.#carry(lane, task)))
  }

  /** Sends inside the caller's transaction: at once, once. Its failures are the caller's to judge. */
  async sendWithin(
    within: { readonly tx: CallerTransaction; readonly notify: boolean },
    tasks: readonly NewTask[],
  ): Promise<EnqueueReply[]> {
    const engine = await this.#ground.engine()
    const replies: EnqueueReply[] = []
    for (const chunk of chunksOf(tasks)) replies.push(...(await engine.enqueue(chunk, within)))
    return replies
  }

  /** Resolves when nothing waits or flies any more. */
  async drained(): Promise<void> {
    await Promise.all([this.#plain.drained(), this.#keyed.drained()])
  }

  #lane(): Batcher<Parcel, Answer> {
    return new Batcher({
      send: (parcels) => this.#deliver(parcels),
      maxCount: LIMITS.batch,
      maxWeight: LIMITS.batchBytes,
      weightOf: (parcel) => parcel.weight,
      canSplit: (error) => appliedOf(error) === 'no' && !isRepeatable(error),
    })
  }

  async #carry(lane: Batcher<Parcel, Answer>, task: NewTask): Promise<EnqueueReply> {
    const until = this.#ground.clock.mono() + this.#ground.deadline
    const parcel: Parcel = { task, weight: weightOf(task), until, doubt: false }
    let answer: Answer
    try {
      answer = await lane.add(parcel)
    } catch (error) {
      answer = { error }
    }
    if ('error' in answer) throw inDoubt(answer.error, parcel.doubt, { task_id: task.id })
    const { reply } = answer
    // An id that was minted here can only be there because an earlier send of it was applied.
    return reply.outcome === 'existing' && task.minted ? { ...reply, outcome: 'created' } : reply
  }

  /** Repeats what is open until it is answered or its time is up. Throws only what bisection may narrow down. */
  async #deliver(parcels: readonly Parcel[]): Promise<Answer[]> {
    const answers = new Map<Parcel, Answer>()
    for (let tries = 1; ; tries++) {
      const open = parcels.filter((parcel) => !answers.has(parcel))
      const error = await this.#try(open, answers)
      if (error === null) break
      const wait = backoff(tries, this.#ground.random())
      const next = this.#ground.clock.mono() + wait
      for (const parcel of open) if (parcel.until < next) answers.set(parcel, { error })
      if (answers.size === parcels.length) break
      await sleep(this.#ground.clock, wait)
    }
    return parcels.map((parcel) => answers.get(parcel) ?? { error: lostAnswer() })
  }

  async #try(open: readonly Parcel[], answers: Map<Parcel, Answer>): Promise<unknown> {
    try {
      const engine = await this.#ground.engine()
      const replies = await engine.enqueue(
        open.map(({ task, doubt }) => (doubt ? { ...task, minted: false } : task)),
      )
      for (const [i, parcel] of open.entries()) {
        const reply = replies[i]
        answers.set(parcel, reply === undefined ? { error: lostAnswer() } : { reply })
      }
      return null
    } catch (error) {
      if (appliedOf(error) === 'unknown') for (const parcel of open) parcel.doubt = true
      if (!isRepeatable(error)) throw error
      return error
    }
  }
}

function lostAnswer(): WindlassError {
  return new WindlassError('internal', 'the engine answered fewer tasks than were sent')
}

function weightOf(task: NewTask): number {
  return Buffer.byteLength(task.payload) + (task.meta?.length ?? 0)
}

function chunksOf(tasks: readonly NewTask[]): NewTask[][] {
  const chunks: NewTask[][] = []
  let weight = Number.POSITIVE_INFINITY
  for (const task of tasks) {
    const last = chunks.at(-1)
    weight += weightOf(task)
    if (last === undefined || last.length >= LIMITS.batch || weight > LIMITS.batchBytes) {
      chunks.push([task])
      weight = weightOf(task)
    } else {
      last.push(task)
    }
  }
  return chunks
}
