// A thread that does nothing but wait for the end of the worker's pipe, so that a child whose event loop a handler
// blocks dies with its worker all the same.

import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'

import { killOwnGroup } from './lifeline.ts'

const pipe = new Socket({ fd: workerData as number, readable: true, writable: false })
pipe.on('error', killOwnGroup)
pipe.on('close', killOwnGroup)
pipe.resume()
