// Where a thread for tasks begins: connects the inside of a child to its parent's port, and nothing else.

import { parentPort, workerData } from 'node:worker_threads'

import { serveTasks } from './child.ts'
import { readToChild, wrap, type ChildStart } from './messages.ts'

const start = workerData as ChildStart

void serveTasks(start, {
  stalls: null,
  send: (message) => parentPort?.postMessage(wrap(message)),
  listen: (hear) =>
    parentPort?.on('message', (value: unknown) => {
      const message = readToChild(value)
      if (message !== null) hear(message)
    }),
})
