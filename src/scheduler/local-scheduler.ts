// A scheduler as a part of the process that uses it: opened when it starts, forgotten when it stops.

import { Service } from '../base/service.ts'
import type { Scheduler } from './scheduler.ts'

/**
 * A scheduler in this process. When it starts it opens the store and brings the schedules of the config into it; then it
 * fires what is due. Any number may run, in any processes: each tick fires once.
 */
export class LocalScheduler extends Service {
  readonly #make: () => Promise<Scheduler>
  readonly #ended: () => void
  #scheduler: Scheduler | null = null

  constructor(make: () => Promise<Scheduler>, ended: () => void) {
    super()
    this.#make = make
    this.#ended = ended
  }

  protected override async onStart(): Promise<void> {
    const scheduler = await this.#make()
    await scheduler.start()
    this.#scheduler = scheduler
  }

  protected override async onStop(): Promise<void> {
    await this.#scheduler?.stop()
    this.#ended()
  }
}
