// The task type of the drill, and what its runs tell: a line when one begins and a line when it ends, with the time.
// Both ends of these lines are in this file. Leaves running it to drill-worker.ts and judging it to drill-verdict.ts.

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { defineTask } from '../core/task-type.ts'

/** Its queue, in a namespace that is there for the drill alone. */
export const DRILL_QUEUE = 'windlass-drill'

/** What a run said. Times are of this machine's clock, which all processes of a drill share. */
export interface DrillLine {
  readonly task: string
  readonly pid: number
  readonly what: 'begins' | 'ends'
  readonly at: number
}

const MARK = 'windlass-drill '
/** How often a run looks whether it may end, in ms. */
const LOOK = 20

/** Runs until the file that its payload names is there. */
export const drillTask = defineTask({
  name: 'windlass.drill',
  queue: DRILL_QUEUE,
  async run({ until }: { readonly until: string }, { id, signal }) {
    say(id, 'begins')
    while (!existsSync(until)) await sleep(LOOK, undefined, { signal })
    say(id, 'ends')
  },
})

/** Written at once: the process may be killed the moment after. */
function say(task: string, what: DrillLine['what']): void {
  const line: DrillLine = { task, pid: process.pid, what, at: Date.now() }
  process.stdout.write(`${MARK}${JSON.stringify(line)}\n`)
}

/** The line that a run said; null: it is another one. */
export function readDrillLine(text: string): DrillLine | null {
  return text.startsWith(MARK) ? (JSON.parse(text.slice(MARK.length)) as DrillLine) : null
}
