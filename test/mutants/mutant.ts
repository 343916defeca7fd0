// What a planted bug is: a wrapper that makes one part of the system wrong in one way, and the kinds of tests that must
// notice. Leaves the bugs themselves to the files beside it and running the tests to killers.ts.

import type { Engine } from '../../src/core/engine.ts'
import type { Settlement, SettleReply } from '../../src/core/hot-verbs.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { Opened, Plant } from '../simulation/cluster.ts'

export type Killer = 'conformance' | 'model' | 'simulation'

export interface Mutant {
  /** What it does wrong. */
  readonly name: string
  readonly plant: Plant
  /** Each of these must notice. */
  readonly killedBy: readonly Killer[]
}

/** A wrong engine. */
export function wrongEngine(
  name: string,
  killedBy: readonly Killer[],
  engine: (opened: Opened) => Engine,
): Mutant {
  return { name, plant: { engine }, killedBy }
}

/** An engine that changes settlements before it looks at them. */
export function settling({ engine }: Opened, edit: (settlement: Settlement) => Settlement): Engine {
  return over(engine, { settle: (items, options) => engine.settle(items.map(edit), options) })
}

/** An engine that does something more, or answers otherwise, after a settlement. */
export function afterSettling(
  { engine }: Opened,
  edit: (reply: SettleReply, settlement: Settlement) => SettleReply | Promise<SettleReply>,
): Engine {
  return over(engine, {
    async settle(items, options) {
      const replies = await engine.settle(items, options)
      const edited: SettleReply[] = []
      for (const [i, reply] of replies.entries()) edited.push(await edit(reply, items[i] as Settlement))
      return edited
    },
  })
}
