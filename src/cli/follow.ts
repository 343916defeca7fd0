// `windlass follow`: the last lines of the log file and then each one as it comes, across rotations, until Ctrl-C.
// Promises exit 0 at Ctrl-C and when nobody reads any more. Which lines and how they look is in log-reading.ts.

import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Cli } from './cli.ts'
import { defineLogFlags, LogReading, type LogFlags } from './log-reading.ts'
import { listenToStop } from './stop-signals.ts'

/** How often the file is looked at, in ms. Not watched: a look costs nothing, and works on every file system. */
const LOOK = 200

export function define(command: Command, cli: Cli): void {
  defineLogFlags(command).action(async (flags: LogFlags) => {
    const stop = listenToStop()
    const stopped = new AbortController()
    void stop.asked.then(() => stopped.abort())
    cli.out.onReaderGone(() => stop.ask('nobody reads the output'))
    const reading = await LogReading.open(cli, flags)
    await reading.tell({ last: false, wait: false })
    while (!stopped.signal.aborted) {
      await sleep(LOOK, undefined, { signal: stopped.signal }).catch(() => {})
      await reading.tell({ last: false, wait: true })
    }
    reading.close()
  })
}
