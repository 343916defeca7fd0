// What `selftest` tries, step by step, on a system that is there for nothing else: push, length, pull, priority, retry.
// Each step throws with the reason when the system does not do as it should. Leaves time, order and printing to selftest.ts.

import { defineTask } from '../core/task-type.ts'
import type { Windlass } from '../windlass.ts'

export interface Step {
  readonly name: string
  readonly run: () => Promise<void>
}

const QUEUE = 'selftest'
const PATIENCE = 10_000
const PRIORITIES = [2, 9, 5]

/** What the steps share: the handlers and what they saw. */
class Trial {
  readonly windlass: Windlass
  /** Tasks enqueued before there is a worker. */
  readonly ids: string[] = []
  readonly #ran: number[] = []
  readonly #echo = defineTask({
    name: 'selftest.echo',
    queue: QUEUE,
    run: (input: number) => ({ echo: input }),
  })
  readonly #order = defineTask({
    name: 'selftest.order',
    queue: QUEUE,
    run: (input: number) => {
      this.#ran.push(input)
    },
  })
  readonly #flaky = defineTask({
    name: 'selftest.flaky',
    queue: QUEUE,
    retry: { retries: 1, delays: ['10ms'] },
    run: (_: null, context) => {
      if (context.attempt === 1) throw new Error('the first run fails on purpose')
      return { attempt: context.attempt }
    },
  })

  constructor(windlass: Windlass) {
    this.windlass = windlass
  }

  async push(): Promise<void> {
    const handle = await this.windlass.enqueue(this.#echo, 7)
    this.ids.push(handle.id)
    expect(handle.outcome === 'created', `enqueue answered ${handle.outcome}`)
    const task = await this.windlass.tasks.get(handle.id)
    expect(task?.state === 'ready', `the task is ${task?.state ?? 'not there'} instead of ready`)
  }

  async length(): Promise<void> {
    const { ids } = this
    for (const priority of PRIORITIES)
      ids.push((await this.windlass.enqueue(this.#order, priority, { priority })).id)
    const queue = (await this.windlass.stats()).find((one) => one.queue === QUEUE)
    expect(queue?.ready === ids.length, `the queue holds ${queue?.ready ?? 0} tasks, not ${ids.length}`)
  }

  async pull(): Promise<void> {
    const types = [this.#echo, this.#order, this.#flaky]
    await this.windlass.worker({ types, queues: [QUEUE], concurrency: 1, name: QUEUE }).start()
    for (const id of this.ids) await this.#finish(id)
    const result = (await this.windlass.tasks.get(this.ids[0] ?? ''))?.result
    expect(JSON.stringify(result) === '{"echo":7}', 'the result is not what the handler returned')
  }

  priority(): void {
    const wanted = PRIORITIES.toSorted((a, b) => b - a)
    expect(String(this.#ran) === String(wanted), `tasks ran in the order ${this.#ran.join(', ')}`)
  }

  async retry(): Promise<void> {
    const { id } = await this.windlass.enqueue(this.#flaky, null)
    await this.#finish(id)
    const task = await this.windlass.tasks.get(id)
    expect(task?.attempt === 2, `the task succeeded in attempt ${task?.attempt ?? 0}, not 2`)
  }

  async #finish(id: string): Promise<void> {
    const { state, error } = await this.windlass.tasks.wait(id, { timeout: PATIENCE })
    expect(state === 'succeeded', `a task is ${state} instead of succeeded: ${error?.message ?? 'no error'}`)
  }
}

/** The steps, in the order in which they build on each other. */
export function selftestSteps(windlass: Windlass): Step[] {
  const trial = new Trial(windlass)
  return [
    { name: 'push', run: () => trial.push() },
    { name: 'length', run: () => trial.length() },
    { name: 'pull', run: () => trial.pull() },
    { name: 'priority', run: async () => trial.priority() },
    { name: 'retry', run: () => trial.retry() },
  ]
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
