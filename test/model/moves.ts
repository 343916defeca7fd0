// What the steps on tasks and sessions do: the same call to model and engine, and the comparison of the answers.
// Leaves records, documents, schedules and journal to cold-moves.ts.

import { decide, type Ending as Ended } from '../../src/core/decide.ts'
import { heldHash } from '../../src/core/held.ts'
import type { Beat, ClaimRequest, Outcome, Settlement, SweepReply } from '../../src/core/hot-verbs.ts'
import { wordsAsError } from '../../src/core/kept-error.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { DEFAULT_CRASH } from '../../src/core/retry.ts'
import { asSet, record, same } from './compare.ts'
import type { Duo } from './duo.ts'
import type { Ending, Step } from './program.ts'

type Of<D extends Step['do']> = Extract<Step, { do: D }>

/** An odd bound of a purge is one of bytes, in these. */
const BYTES = 40

export async function enqueue(duo: Duo, { items }: Of<'enqueue'>): Promise<void> {
  const tasks = duo.items(items)
  const actual = await duo.engine.enqueue(tasks)
  // How long after its 48 hours a tombstone stands depends on the sweep: the engine's answer is taken.
  for (const [i, { id }] of tasks.entries()) {
    const grave = duo.model.graves.get(id)
    if (grave !== undefined && grave.until <= duo.model.now && actual[i]?.outcome === 'created')
      duo.model.graves.delete(id)
  }
  const expected = duo.model.enqueue(tasks)
  same('enqueue', actual, expected)
  for (const { outcome } of expected) duo.saw(`enqueue ${outcome}`)
}

export async function claim(duo: Duo, { requests }: Of<'claim'>): Promise<void> {
  // Without a living session most of a program would be refused: one comes by itself.
  const lives = [...duo.model.sessions.keys()].some((id) => duo.model.isLive(id))
  if (!lives && requests.some(({ session }) => session < 12))
    await start(duo, { do: 'start', pick: 0, queues: null, lease: 30_000 })
  const asked = requests.map(({ session, queues, limit, again }): ClaimRequest => {
    const before = again === null ? undefined : duo.nth(duo.claims.toReversed(), again)
    if (before !== undefined) return before
    const names = queues === null ? null : [...new Set(queues.map((n) => duo.queue(n)))]
    return { session: duo.session(session), claimId: duo.token(), queues: names, limit }
  })
  duo.claims.push(...asked)
  const expected = asked.map((request) => {
    const repeated = duo.model.runningUnder(request.claimId).length > 0
    const reply = duo.model.claim(request)
    if (repeated && reply.live) duo.saw('claim repeated')
    return reply
  })
  const actual = await duo.engine.claim(asked)
  const shown = (replies: typeof actual) =>
    replies.map((reply) => ({ ...reply, tasks: reply.tasks.map((task) => record(task)) }))
  same('claim', shown(actual), shown(expected))
  for (const { live, tasks } of expected) {
    duo.saw(live ? 'claim taken' : 'claim by the dead', live ? tasks.length : 1)
    duo.tokens.push(...tasks.map(({ id, claim }) => ({ id, claim: claim ?? '' })))
  }
}

export async function settle(duo: Duo, { endings }: Of<'settle'>): Promise<void> {
  if (duo.tokens.length === 0) return
  const settlements = endings.map((ending) => settlementOf(duo, ending))
  duo.settlements.push(...settlements)
  await settleAll(duo, settlements)
}

async function settleAll(duo: Duo, settlements: readonly Settlement[]): Promise<void> {
  const expected = settlements.map((one) => duo.model.settle(one))
  same('settle', await duo.engine.settle(settlements), expected)
  for (const [i, { status, followUps }] of expected.entries()) {
    duo.saw(`settle ${status}`)
    duo.saw('follow-ups', followUps.length)
    if (status === 'applied' && settlements[i]?.guard !== 'claim') duo.saw(`${settlements[i]?.guard}d`)
  }
}

function settlementOf(duo: Duo, ending: Ending): Settlement {
  const before = ending.from === 'again' ? duo.nth(duo.settlements.toReversed(), ending.pick) : undefined
  if (before !== undefined) return before
  const live = ending.from !== 'trash' && duo.running().length > 0
  const { id, claim } = duo.held(live ? 'live' : 'trash', ending.pick)
  const logs = ending.log ? [{ at: duo.model.now, level: 'warn' as const, message: `bye ${id}` }] : []
  const guard = ending.guard
  return { id, claim, guard, outcome: outcomeOf(duo, id, ending), followUps: duo.items(ending.follow), logs }
}

function outcomeOf(duo: Duo, id: string, { kind, delay }: Ending): Outcome {
  const error = wordsAsError('boom', 'Boom', `it went boom after ${delay}`)
  const result = JSON.stringify({ id, text: 'x'.repeat(delay % 64) })
  const failed = { kind: 'failed', error, reason: 'failed', again: true, warnings: ['odd'] } as const
  const endings: readonly Ended[] = [
    { kind: 'returned', result: delay === 0 ? null : result, warnings: [] },
    { kind: 'returned', result, warnings: ['swallowed'] },
    { ...failed, delay: null },
    { ...failed, delay },
    { kind: 'fatal', error, reason: 'fatal', warnings: [] },
    { kind: 'cancelled' },
    { kind: 'snoozed', delay },
    { kind: 'released', reason: 'drained', delay: 0 },
    { kind: 'released', reason: 'unknown_type', delay },
    { kind: 'orphaned', cause: 'killed', culprit: null },
  ]
  const bare = { failures: 0, crashes: 0, losses: 0, timeout: null, crash: DEFAULT_CRASH }
  const none = { ...bare, retry: { kind: 'fixed', retries: 1, delay: 5_000 } as const }
  return decide(
    endings[kind % endings.length] ?? { kind: 'cancelled' },
    duo.model.rows.get(id)?.task ?? none,
    0.5,
  )
}

export async function report(duo: Duo, { from, pick, percent, log }: Of<'report'>): Promise<void> {
  const { now } = duo.model
  const progress = percent === null ? null : { percent, message: percent > 50 ? 'nearly' : null, at: now }
  const logs = log ? [{ at: now, level: 'info' as const, message: `at ${percent}` }] : []
  const sent = { ...duo.held(from, pick), progress, logs }
  same('report', await duo.engine.report([sent]), [duo.model.report(sent)])
}

export async function start(duo: Duo, { pick, queues, lease }: Of<'start'>): Promise<void> {
  const known = duo.nth([...duo.model.sessions.keys()], pick)
  const session = {
    id: pick === 5 && known !== undefined ? known : duo.token(),
    name: `worker ${pick}`,
    queues: queues === null ? null : [duo.queue(queues)],
    types: ['mail.send'],
    concurrency: 10,
    lease,
    host: 'here',
    bootId: 'boot',
    pidSpace: 'space',
    pid: 100 + pick,
    startTime: '1',
  }
  same('startSession', await duo.engine.startSession([session]), [duo.model.startSession(session)])
}

export async function beat(duo: Duo, step: Of<'beat'>): Promise<void> {
  const { model } = duo
  const session = duo.session(step.session)
  const running = model.tasks('running').filter(({ task }) => task.session === session)
  const all = running.map(({ task }) => ({ id: task.id, claim: task.claim ?? '' }))
  const held = all.filter((_, i) => step.forget === null || i !== step.forget)
  if (step.invent && duo.tokens.length > 0) held.push(duo.held('trash', step.session))
  const sum = { count: held.length, hash: heldHash(held), list: step.list ? held : null }
  const asked = { session, renew: step.renew, held: sum, unclaimedAfter: step.after, draining: step.draining }
  const expected = model.heartbeat(asked)
  const [actual] = await duo.engine.heartbeat([asked] satisfies Beat[])
  if (expected.status === 'gone') return same('heartbeat', actual?.status, 'gone')
  const differs = !step.list && JSON.stringify(asSet(held)) !== JSON.stringify(asSet(all))
  const shown = (reply: typeof expected | undefined) =>
    reply && {
      ...reply,
      lost: asSet(reply.lost),
      unclaimed: asSet(reply.unclaimed),
      cancels: asSet(reply.cancels),
      paused: asSet(reply.paused),
    }
  same('heartbeat', shown(actual), shown({ ...expected, mismatch: differs }))
  duo.saw('heartbeat lost', expected.lost.length)
  duo.saw('heartbeat unclaimed', expected.unclaimed.length)
}

export async function end(duo: Duo, { session, cause, culprit }: Of<'end'>): Promise<void> {
  const culprits = culprit === null ? null : [duo.task(culprit)]
  const asked = { session: duo.session(session), cause, culprits }
  same('endSession', await duo.engine.endSession([asked]), [duo.model.endSession(asked)])
}

export async function sweep(duo: Duo, step: Of<'sweep'>): Promise<void> {
  const { every, mode, grace, page: limit } = step
  const session = step.session === null ? null : duo.session(step.session)
  const declare = mode === 'declare' && session !== null
  const kept = { keepCount: 1e6, keepBytes: null }
  const asked = { session, every, declare, extend: mode === 'extend', grace, cursor: null, ...kept }
  const expected = duo.model.sweep({ ...asked, limit })
  const actual = await sweepPages(duo, { ...asked, limit }, expected.turn)
  const shown = ({ orphans, overdue, declaredDead, promoted, ...rest }: SweepReply) => ({
    ...rest,
    // A small page may promote what it had no room left to expire.
    promoted: limit < 1_000 || promoted,
    orphans: asSet(orphans.map((one) => ({ ...one, task: record(one.task) }))),
    overdue: asSet(overdue.map((task) => record(task))),
    declaredDead: asSet(declaredDead),
  })
  same('sweep', shown(actual), shown(expected))
  for (const what of ['expired', 'promoted', 'purged'] as const) duo.saw(`sweep ${what}`, expected[what])
  duo.saw('declared dead', expected.declaredDead.length)
  if (step.keep !== null && expected.turn) await keepOnly(duo, step.keep)
  if (step.rescue) await rescue(duo, expected)
}

/** Small pages first; what they left of the upkeep is done by one large pass at the same instant. */
async function sweepPages(
  duo: Duo,
  asked: Parameters<Duo['engine']['sweep']>[0],
  turn: boolean,
): Promise<SweepReply> {
  const pages = [await duo.engine.sweep(asked)]
  for (let cursor = pages[0]?.cursor ?? null; cursor !== null; cursor = pages.at(-1)?.cursor ?? null)
    pages.push(await duo.engine.sweep({ ...asked, cursor }))
  const upkeep = { ...asked, every: 0, extend: false, declare: false, limit: 1_000 }
  const rest = turn && asked.limit < 1_000 ? await duo.engine.sweep(upkeep) : undefined
  const all = rest === undefined ? pages : [...pages, { ...rest, orphans: [], overdue: [] }]
  const sum = (what: 'expired' | 'promoted' | 'purged'): number =>
    all.reduce((total, one) => total + one[what], 0)
  return {
    turn: all.every((one) => one.turn),
    orphans: all.flatMap((one) => one.orphans),
    overdue: all.flatMap((one) => one.overdue),
    declaredDead: all.flatMap((one) => one.declaredDead),
    expired: sum('expired'),
    promoted: sum('promoted'),
    purged: sum('purged'),
    cursor: all.at(-1)?.cursor ?? null,
  }
}

/** What a sweeper does with what it was handed. */
async function rescue(duo: Duo, { orphans, overdue }: SweepReply): Promise<void> {
  const of = (
    { id, claim }: { id: string; claim: string | null },
    guard: Settlement['guard'],
    outcome: Outcome,
  ): Settlement => ({ id, claim: claim ?? '', guard, outcome, followUps: [], logs: [] })
  const saved = orphans.map(({ task, cause, culprits }) => {
    const culprit = culprits === null ? null : culprits.includes(task.id)
    return of(task, 'rescue', decide({ kind: 'orphaned', cause, culprit }, task, 0.5))
  })
  const ended = overdue.map((task) => of(task, 'overdue', decide({ kind: 'overdue' }, task, 0.5)))
  if (saved.length + ended.length > 0) await settleAll(duo, [...saved, ...ended])
}

/** Which of the finished tasks of one instant go first is open: any choice of the oldest is taken over. */
async function keepOnly(duo: Duo, bound: number): Promise<void> {
  const { model, engine } = duo
  const finished = model.tasks().filter(({ task }) => task.finishedAt !== null)
  const asked = { session: null, every: 0, declare: false, extend: false, grace: 0, cursor: null }
  const byBytes = bound % 2 === 1
  const kept = { keepCount: byBytes ? 1e6 : bound, keepBytes: byBytes ? bound * BYTES : null }
  const { purged } = await engine.sweep({ ...asked, limit: 1_000, ...kept })
  const what = `purged over the ${byBytes ? 'bytes' : 'count'}`
  duo.saw(what, purged)
  model.lastSweep = model.now
  const left = await engine.records.get(finished.map(({ task }) => task.id))
  const gone = finished.filter((_, i) => left[i] === null)
  const stayed = finished.filter((_, i) => left[i] !== null)
  const latest = Math.max(...gone.map(({ task }) => task.finishedAt ?? 0))
  same('rows gone', gone.length, purged)
  same('older rows that stayed', stayed.filter(({ task }) => (task.finishedAt ?? 0) < latest).length, 0)
  // The feed tells the order in which they went.
  const page = await engine.records.changes(-1, 1)
  const told = await engine.records.changes(page.cursor - 1_000 < 0 ? 0 : page.cursor - 1_000, 1_000)
  const order = told.changes.filter(({ state }) => state === 'deleted').map(({ id }) => id)
  const rank = (id: string): number => order.lastIndexOf(id)
  const inOrder = gone.toSorted((a, b) => rank(a.task.id) - rank(b.task.id))
  if (kept.keepBytes === null) same(what, purged, Math.max(0, finished.length - bound))
  else {
    same(`${what}: the rest fits`, bytesOf(stayed) <= kept.keepBytes, true)
    const needed = purged === 0 || bytesOf([...stayed, ...inOrder.slice(-1)]) > kept.keepBytes
    same(`${what}: no more than had to`, needed, true)
  }
  for (const row of inOrder) model.bury(row)
}

function bytesOf(rows: readonly { readonly task: Pick<TaskRecord, 'payload' | 'result'> }[]): number {
  const sizes = rows.map(({ task }) => Buffer.byteLength(task.payload) + Buffer.byteLength(task.result ?? ''))
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
