// One of the processes of the soak: enqueues with ids and keys that others use too, claims, settles in every way,
// reports, cancels and sweeps, all at once, and says at the end how much it did and what went wrong.

import { setTimeout as sleep } from 'node:timers/promises'

import { WindlassError } from '../../src/core/errors.ts'
import { mintToken } from '../../src/core/ids.ts'
import type { NewTask, Outcome } from '../../src/core/hot-verbs.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { openMysql } from '../../src/engines/mysql/mysql-engine.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'

const [url = '', length = '', run = ''] = process.argv.slice(2)
const until = performance.now() + Number(length)
const QUEUES = ['a', 'b', 'c']
/** Keys and ids of all processes come from so few that they meet all the time. */
const SHARED = 60

const started = performance.now()
// Deadlocks are what is looked for, not how long a busy machine takes.
const engine = await openMysql(url, { callTimeout: 60_000 })
const session = newSession({ lease: 60_000 })
await engine.startSession([session])
let slowest = { what: 'start', ms: performance.now() - started }
const tally = {
  created: 0,
  duplicates: 0,
  existing: 0,
  claimed: 0,
  applied: 0,
  succeeded: 0,
  held: 0,
  errors: [] as string[],
}

function pick<T>(some: readonly T[]): T {
  return some[Math.floor(Math.random() * some.length)] as T
}

/** @param round ids of one round are those that other processes choose from in theirs */
function anyTask(round: number): NewTask {
  const queue = pick(QUEUES)
  const priority = pick([0, 0, 5])
  const n = Math.floor(Math.random() * SHARED)
  switch (pick(['plain', 'key', 'id'])) {
    case 'key':
      return newTask({ queue, priority, minted: true, unique: { key: `key-${n}`, for: null } })
    case 'id':
      // The same id is the same task, in whatever process it is made.
      return newTask({ queue: 'a', id: `${run}-${round}-${n}` })
    default:
      return newTask({ queue, priority, minted: true, due: { after: pick([0, 0, 0, 200]) } })
  }
}

function anyOutcome(): Outcome {
  return pick([
    outcomes.succeed('1'),
    outcomes.succeed('{"n":2}'),
    outcomes.succeed(),
    outcomes.release(),
    outcomes.retry(pick([0, 100])),
    outcomes.die(),
  ])
}

/** Does something again and again; an error is what must not be. */
async function keep(
  what: string,
  { rest, least }: { readonly rest: number; readonly least: number },
  work: (round: number) => Promise<void>,
): Promise<void> {
  // On a slow machine not for so long, but for so many rounds.
  for (let round = 0; round < least || performance.now() < until; round++) {
    const since = performance.now()
    try {
      await work(round)
    } catch (error) {
      tally.errors.push(
        `${what}: ${String(error)} ${JSON.stringify((error as { detail?: unknown } | null)?.detail ?? null)}`,
      )
    }
    const ms = performance.now() - since
    if (ms > slowest.ms) slowest = { what, ms }
    await sleep(Math.random() * rest)
  }
}

async function enqueueSome(round: number): Promise<void> {
  const tasks = Array.from({ length: pick([1, 5, 30]) }, () => anyTask(round))
  for (const { outcome } of await engine.enqueue(tasks).catch(asHeldUp)) {
    if (outcome === 'created') tally.created++
    else if (outcome === 'duplicate') tally.duplicates++
    else tally.existing++
  }
}

/** A key that a process keeps for more than a second, because it does not get its turn, is no deadlock. */
function asHeldUp(error: unknown): never[] {
  if (!(error instanceof WindlassError) || error.detail['errno'] !== 1205) throw error
  tally.held++
  return []
}

async function workSome(round: number): Promise<void> {
  const queues = pick([null, ['a'], ['b', 'c', 'a']])
  const request = { session: session.id, claimId: mintToken(), queues, limit: pick([1, 10, 50]) }
  const tasks = (await engine.claim([request]))[0]?.tasks ?? []
  tally.claimed += tasks.length
  await settleSome(tasks, round)
}

async function settleSome(tasks: readonly TaskRecord[], round: number): Promise<void> {
  const line = { at: 0, level: 'info' as const, message: 'on its way' }
  const some = tasks.filter(() => Math.random() < 0.2)
  await engine.report(some.map(({ id, claim }) => ({ id, claim: claim ?? '', progress: null, logs: [line] })))
  const settlements = tasks.map(({ id, claim }) => ({
    id,
    claim: claim ?? '',
    guard: 'claim' as const,
    outcome: anyOutcome(),
    followUps: Math.random() < 0.1 ? [anyTask(round)] : [],
    logs: [],
  }))
  for (const [i, reply] of (await engine.settle(settlements)).entries()) {
    if (reply.status !== 'applied') {
      tally.errors.push(`settle: ${reply.status} ${JSON.stringify(settlements[i])}`)
      continue
    }
    tally.applied++
    if (reply.state === 'succeeded') tally.succeeded++
    tally.created += reply.followUps.filter(({ outcome }) => outcome === 'created').length
  }
}

async function sweepOnce(): Promise<void> {
  const whole = {
    every: 0,
    declare: true,
    extend: false,
    grace: 0,
    limit: 200,
    cursor: null,
    keepCount: 1_000_000,
    keepBytes: null,
  }
  await engine.sweep({ session: session.id, ...whole })
  await engine.heartbeat([
    {
      session: session.id,
      renew: true,
      held: { count: 0, hash: 0, list: null },
      unclaimedAfter: 5_000,
      draining: false,
    },
  ])
  await engine.records.changes(-1, 1)
}

async function cancelSome(): Promise<void> {
  const { tasks } = await engine.records.find({ states: ['ready', 'scheduled'], limit: 20, cursor: null })
  await engine.records.act(tasks.slice(0, 3).map(({ id }) => ({ verb: 'cancel', id })))
  const dead = await engine.records.find({ states: ['dead', 'cancelled'], limit: 5, cursor: null })
  await engine.records.act(dead.tasks.map(({ id }) => ({ verb: 'requeue', id })))
}

await Promise.all([
  keep('enqueue', { rest: 5, least: 20 }, enqueueSome),
  keep('enqueue', { rest: 5, least: 20 }, enqueueSome),
  keep('work', { rest: 1, least: 20 }, workSome),
  keep('work', { rest: 1, least: 20 }, workSome),
  keep('sweep', { rest: 300, least: 3 }, sweepOnce),
  keep('act', { rest: 100, least: 5 }, cancelSome),
])
await engine.close()
process.stdout.write(JSON.stringify({ ...tally, slowest }))
