// The task types of the tour. Plain user code: it knows nothing but the front door of the package.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { defineTask } from 'windlass'

/** SHA-256, size, lines and words of one file, read as a stream. */
export const digest = defineTask({
  name: 'file.digest',
  queue: 'files',
  timeout: '1m',
  async run(input: { path: string }, ctx) {
    const hash = createHash('sha256')
    let bytes = 0
    let lines = 0
    let words = 0
    let inWord = false
    for await (const chunk of createReadStream(input.path, { signal: ctx.signal })) {
      const part = chunk as Buffer
      hash.update(part)
      bytes += part.length
      for (const byte of part) {
        if (byte === 0x0a) lines++
        const space = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
        if (!space && !inWord) words++
        inWord = !space
      }
    }
    return { sha256: hash.digest('hex'), bytes, lines, words }
  },
})

/** Fails twice, then succeeds. */
export const flaky = defineTask({
  name: 'tour.flaky',
  queue: 'tour',
  run(_input: object, ctx) {
    if (ctx.failures < 2) throw new Error(`planned failure ${ctx.failures + 1} of 2`)
    return { attempts: ctx.attempt }
  },
})

/** A short step, to see in which order steps start. */
export const step = defineTask({
  name: 'tour.step',
  queue: 'tour-steps',
  async run(input: { number: number }) {
    await wait(10)
    return input
  },
})

/** Does nothing, but not before it is due. */
export const later = defineTask({
  name: 'tour.later',
  queue: 'tour',
  run: (input: { note: string }) => input,
})

/** Goes on for 60 s in its first run, so that there is time to kill its worker; later runs end at once. */
export const long = defineTask({
  name: 'tour.long',
  queue: 'tour',
  async run(_input: object, ctx) {
    if (ctx.attempt > 1) return { attempt: ctx.attempt }
    for (let second = 0; second < 60; second++) {
      ctx.progress((second / 60) * 100, `second ${second} of 60`)
      await wait(1_000, undefined, { signal: ctx.signal })
    }
    return { attempt: ctx.attempt }
  },
})
