// The heart's own thread: opens the store on a connection of its own and keeps the upkeep going, however long a handler
// blocks the worker's thread. Asks that thread what is held, and goes on without an answer when none comes.

import { parentPort, workerData } from 'node:worker_threads'

import { systemClock } from '../base/clock.ts'
import type { Engine } from '../core/engine.ts'
import { keepError } from '../core/kept-error.ts'
import { Board } from './board.ts'
import type { FromHeart, HeartStart, ToHeart } from './heart-messages.ts'
import type { HeldAnswer } from './news.ts'
import type { EngineOpening } from './options.ts'
import { StallBoard } from './stall-board.ts'
import { watchStalls } from './stall-watch.ts'
import { Upkeep } from './upkeep.ts'

type HeartOptions = EngineOpening['openWith'] & { readonly role: 'heart' }

interface Opener {
  readonly openEngine: (url: string, options: HeartOptions) => Engine | Promise<Engine>
}

/** A blocked thread does not answer: wait no longer than a beat can bear. */
const ASK_MOST = 1_000

const start = workerData as HeartStart
const asked = new Map<number, (held: HeldAnswer | null) => void>()
let tickets = 0
let upkeep: Upkeep | null = null
let engine: Engine | null = null

function say(message: FromHeart): void {
  parentPort?.postMessage(message)
}

function ask(list: boolean): Promise<HeldAnswer | null> {
  const ticket = ++tickets
  return new Promise((resolve) => {
    const answer = (held: HeldAnswer | null): void => {
      cancel()
      asked.delete(ticket)
      resolve(held)
    }
    const cancel = systemClock.timer(Math.min(ASK_MOST, start.settings.lease / 6), () => answer(null))
    asked.set(ticket, answer)
    say({ kind: 'ask', ticket, list })
  })
}

function hear(message: ToHeart): void {
  switch (message.kind) {
    case 'follow':
      return follow(message.session)
    case 'look':
      return upkeep?.look()
    case 'drain':
      return upkeep?.drain()
    case 'held':
      return asked.get(message.ticket)?.(message.held)
    case 'stop':
      void stop()
  }
}

function follow(session: string | null): void {
  if (upkeep !== null) return upkeep.follow(session)
  if (engine === null || session === null) return
  upkeep = new Upkeep({
    engine,
    clock: systemClock,
    settings: start.settings,
    board: new Board(start.board, systemClock),
    random: Math.random,
    tell: (news) => say({ kind: 'news', news }),
    ask,
  })
  upkeep.start(session)
}

async function stop(): Promise<void> {
  await upkeep?.stop()
  await engine?.close()
  say({ kind: 'stopped' })
  parentPort?.close()
}

try {
  const opener = (await import(start.opening.openModule)) as Opener
  engine = await opener.openEngine(start.address, { ...start.opening.openWith, role: 'heart' })
  parentPort?.on('message', hear)
  watchStalls(new StallBoard(start.stalls))
  say({ kind: 'open' })
} catch (error) {
  say({ kind: 'failed', message: keepError(error).message })
}
