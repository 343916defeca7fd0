// Spreads seeds over threads and adds up what they saw.

import { Worker } from 'node:worker_threads'

import { addTally } from '../../src/testing/history/checker.ts'
import type { BatchRequest, BatchResult } from './batch.ts'

const THREADS = 2

/** Judges `count` seeds from `first` on; a failure of any is the failure of all. */
export async function manySeeds(first: number, count: number, within: number): Promise<BatchResult> {
  const share = Math.ceil(count / THREADS)
  const requests = Array.from({ length: THREADS }, (_, i) => ({
    first: first + i,
    step: THREADS,
    count: share,
    within,
  }))
  const [sum, ...rest] = await Promise.all(requests.map((request) => runThread(request)))
  if (sum === undefined) throw new Error('no thread ran')
  return rest.reduce((all, next) => {
    const faults = { ...all.faults }
    for (const [name, times] of Object.entries(next.faults)) faults[name] = (faults[name] ?? 0) + times
    return {
      seeds: all.seeds + next.seeds,
      tally: addTally(all.tally, next.tally),
      faults,
      failure: all.failure ?? next.failure,
    }
  }, sum)
}

function runThread(request: BatchRequest): Promise<BatchResult> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('batch.ts', import.meta.url), { workerData: request })
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', (code) => reject(new Error(`a thread of the simulation ended with ${code}`)))
  })
}
