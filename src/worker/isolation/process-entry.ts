// Where a process for tasks begins: connects the inside of a child to the channel of the worker that made it. Promises
// that it dies with that worker, also while a handler blocks its event loop, and takes along what handlers started: it
// leads a process group of its own.

import { Worker as Thread } from 'node:worker_threads'

import { StallBoard } from '../stall-board.ts'
import { serveTasks } from './child.ts'
import { CHILD_START, killOwnGroup } from './lifeline.ts'
import { readToChild, wrap, type ChildStart } from './messages.ts'

/** In `dist` the neighbour is JavaScript. */
const GUARD = import.meta.url.endsWith('.ts')
  ? new URL('./guard-thread.ts', import.meta.url)
  : new URL('./guard-thread.js', import.meta.url)

const start = JSON.parse(process.env[CHILD_START] ?? '{}') as ChildStart
delete process.env[CHILD_START]

// The channel closes when the worker dies; a blocked event loop hears of it from the guard's thread only.
process.on('disconnect', killOwnGroup)
// It prints where its worker does. Whoever read that may be gone (a supervisor that was killed): not a handler's fault.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
  })
const stalls = new StallBoard()
const guard = new Thread(GUARD, {
  workerData: stalls.buffer,
  name: 'windlass guard',
  resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
})
guard.unref()
guard.on('error', () => {})

void serveTasks(start, {
  stalls,
  send(message) {
    // The callback takes the error of a channel that closed meanwhile; without it that would be an 'error' event.
    if (process.connected) process.send?.(wrap(message), undefined, undefined, () => {})
  },
  listen: (hear) =>
    process.on('message', (value: unknown) => {
      const message = readToChild(value)
      if (message !== null) hear(message)
    }),
})
