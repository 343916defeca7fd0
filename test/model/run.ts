// Runs one program on an engine beside the model and says where they first differ.
// Promises that a run depends on the program alone. Leaves making programs to program.ts and trying many to search.ts.

import type { Engine } from '../../src/core/engine.ts'
import { asSet, same } from './compare.ts'
import * as cold from './cold-moves.ts'
import { Duo } from './duo.ts'
import * as moves from './moves.ts'
import type { Step } from './program.ts'

/** Makes an empty store whose engine time is `now`. */
export interface Bench {
  readonly open: (now: () => number) => Promise<Engine>
  readonly dispose: (engine: Engine) => Promise<void>
}

/** Every store is compared whole after so many steps, and at the end. */
const DUMP_EVERY = 4

/** Where engine and model first said different things. */
export class Difference extends Error {
  readonly at: number

  constructor(at: number, step: Step, cause: unknown) {
    super(`step ${at} ${JSON.stringify(step)}\n${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    this.name = 'Difference'
    this.at = at
  }
}

/**
 * Runs a program.
 * @param seen counts what came up, so that a search can tell whether it saw enough
 * @throws Difference
 */
export async function runProgram(
  bench: Bench,
  program: readonly Step[],
  seen: Map<string, number> = new Map(),
): Promise<void> {
  let now = (): number => 0
  const engine = await bench.open(() => now())
  try {
    const duo = new Duo(engine, seen)
    now = () => duo.model.now
    await engine.migrate()
    const feed = new Feed(duo)
    for (const [at, step] of program.entries()) {
      try {
        await take(duo, step)
        feed.mark()
        if (step.do === 'dump' || at % DUMP_EVERY === DUMP_EVERY - 1 || at === program.length - 1) {
          await cold.dump(duo)
          await feed.compare()
        }
      } catch (error) {
        throw new Difference(at, step, error)
      }
    }
  } finally {
    await bench.dispose(engine)
  }
}

async function take(duo: Duo, step: Step): Promise<void> {
  switch (step.do) {
    case 'enqueue':
      return moves.enqueue(duo, step)
    case 'claim':
      return moves.claim(duo, step)
    case 'settle':
      return moves.settle(duo, step)
    case 'report':
      return moves.report(duo, step)
    case 'start':
      return moves.start(duo, step)
    case 'beat':
      return moves.beat(duo, step)
    case 'end':
      return moves.end(duo, step)
    case 'sweep':
      return moves.sweep(duo, step)
    case 'act':
      return cold.act(duo, step)
    case 'pause':
      return cold.pause(duo, step)
    case 'document':
      return cold.document(duo, step)
    case 'schedule':
      return cold.schedule(duo, step)
    case 'fire':
      return cold.fire(duo, step)
    case 'journal':
      return cold.journal(duo, step)
    case 'find':
      return cold.find(duo, step)
    case 'advance':
      duo.model.now += step.ms
      break
    case 'dump':
      break
  }
}

/** The changes feed beside the model's: the same entries, in the order of the steps. */
class Feed {
  readonly #duo: Duo
  /** How many changes the model had told after each step. */
  readonly #marks: number[] = []
  #told = 0
  #cursor: number | null = null

  constructor(duo: Duo) {
    this.#duo = duo
  }

  mark(): void {
    this.#marks.push(this.#duo.model.changes.length)
  }

  async compare(): Promise<void> {
    const { engine, model } = this.#duo
    const page = await engine.records.changes(this.#cursor ?? 0, 1_000)
    same('gap in the changes', page.gap, false)
    const actual = page.changes.map(({ cursor: _, ...change }) => change)
    const cursors = page.changes.map(({ cursor }) => cursor)
    same(
      'rising cursors',
      cursors,
      [...new Set(cursors)].toSorted((a, b) => a - b),
    )
    const expected = model.changes.slice(this.#told)
    same('number of changes', actual.length, expected.length)
    let start = this.#told
    for (const mark of this.#marks.splice(0)) {
      const part = (list: readonly object[]) => list.slice(start - this.#told, mark - this.#told)
      // Inside one call the contract orders the changes of one task, not those of several.
      same('changes', asSet(part(actual)), asSet(part(expected)))
      start = mark
    }
    this.#told = model.changes.length
    this.#cursor = page.cursor
  }
}
