// A thread of a child process that stays awake while a handler blocks the child's event loop: waits for the end of the
// worker's pipe, so that the child dies with its worker all the same, and tells the worker over it what blocks the loop.

import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'

import { StallBoard } from '../stall-board.ts'
import { watchStalls } from '../stall-watch.ts'
import { GUARD_FD, killOwnGroup } from './lifeline.ts'

const pipe = new Socket({ fd: GUARD_FD, readable: true, writable: true })
pipe.on('error', killOwnGroup)
pipe.on('close', killOwnGroup)
pipe.resume()
watchStalls(new StallBoard(workerData as SharedArrayBuffer), (stack) => pipe.write(stack))
