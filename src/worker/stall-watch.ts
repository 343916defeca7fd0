// Watches, from another thread, whether the main thread of this process still turns its event loop, and finds out what
// it does instead, once for each standstill. What is found is on the board; who else wants it is told.

import { systemClock } from '../base/clock.ts'
import { readMainStack } from './main-stack.ts'
import type { StallBoard } from './stall-board.ts'

/** How often the loop is looked at, and for how long it must have stood still to be asked what it does. */
const LOOK = 500
const STALL = 1_200

/** Watches for the life of this thread. */
export function watchStalls(board: StallBoard, told: (stack: string) => void = () => {}): void {
  look(board, told, systemClock.mono())
}

function look(board: StallBoard, told: (stack: string) => void, lookedAt: number): void {
  systemClock.timer(LOOK, () => {
    const now = systemClock.mono()
    // Where this thread was late too, the whole process was paused and nothing is to be found.
    const paused = now - lookedAt > 2 * LOOK
    if (paused || board.age < STALL) return look(board, told, now)
    void readMainStack().then((stack) => {
      // Nothing to be had counts as told too: it is not asked again and again.
      board.tell(stack ?? '')
      if (stack !== null) told(stack)
      look(board, told, systemClock.mono())
    })
  })
}
