// The reference model: what the verbs on tasks and sessions must answer, written from docs/explain/contract.md.
// Promises one sentence of the contract per line or two, and nothing about speed. Runs side by side with an engine
// (test/model). Leaves the order of ties that the contract leaves open, and cursors, to whoever compares.

import type {
  Beat,
  BeatReply,
  ClaimReply,
  ClaimRequest,
  EnqueueReply,
  NewSession,
  NewTask,
  Outcome,
  Report,
  ReportReply,
  SessionEnd,
  Settlement,
  SettleReply,
  SweepReply,
  SweepRequest,
} from '../../core/hot-verbs.ts'
import type { Action, ActionReply, QueueStats } from '../../core/cold-verbs.ts'
import { claimIdOf } from '../../core/ids.ts'
import { isFinal, TASK_STATES, type AttemptRecord, type TaskRecord } from '../../core/record.ts'
import { ModelState, sameMark, type ModelRow, type ModelSession } from './state.ts'

export class Model extends ModelState {
  enqueue(items: readonly NewTask[]): EnqueueReply[] {
    return items.map((item) => {
      const { id, digest, unique } = item
      const known = this.rows.get(id)
      if (known !== undefined)
        return {
          outcome: known.task.digest === digest ? 'existing' : 'conflict',
          id,
          state: known.task.state,
        }
      const grave = this.graves.get(id)
      if (grave?.digest === digest) return { outcome: 'existing', id, state: 'succeeded' }
      if (grave !== undefined) return { outcome: 'conflict', id, state: null }
      const holder = unique === null ? undefined : this.holderOf(unique.key)?.task
      if (holder !== undefined) return { outcome: 'duplicate', id: holder.id, state: holder.state }
      return { outcome: 'created', id, state: this.create(item).task.state }
    })
  }

  claim({ session, claimId, queues, limit }: ClaimRequest): ClaimReply {
    if (!this.isLive(session)) return { live: false, tasks: [], more: false, nextDueIn: null }
    const covers = (queue: string): boolean =>
      !this.pausedQueues.has(queue) && (queues === null || queues.includes(queue))
    const tasks = this.runningUnder(claimId)
    if (tasks.length === 0) {
      this.promote(covers)
      for (const queue of queues ?? [null])
        tasks.push(...this.#take(session, claimId, limit - tasks.length, queue, covers))
    }
    const nextDueIn = this.dueIn(covers)
    const more = nextDueIn === 0 || this.ready(covers).length > 0
    return { live: true, tasks: structuredClone(tasks), more, nextDueIn }
  }

  runningUnder(claimId: string): TaskRecord[] {
    return this.tasks('running')
      .filter(({ task }) => claimIdOf(task.claim ?? '') === claimId)
      .toSorted((a, b) => a.turn - b.turn)
      .map(({ task }) => task)
  }

  #take(
    session: string,
    claimId: string,
    limit: number,
    only: string | null,
    covers: (queue: string) => boolean,
  ): TaskRecord[] {
    const taken: TaskRecord[] = []
    for (const row of this.ready((queue) => covers(queue) && (only === null || queue === only))) {
      if (taken.length >= limit) break
      if (this.isExpired(row)) {
        this.expire(row)
        continue
      }
      const { task } = row
      row.turn = ++this.turns
      row.worker = this.sessions.get(session)?.name ?? null
      const attempt = task.attempt + 1
      const deadlineAt = task.timeout === null ? null : this.now + task.timeout
      const token = { claim: `${claimId}.${attempt}`, attempt, session }
      this.move(row, 'running', { ...token, startedAt: this.now, deadlineAt, progress: null })
      taken.push(task)
    }
    return taken
  }

  settle(settlement: Settlement): SettleReply {
    const { id, claim, outcome } = settlement
    const row = this.rows.get(id)
    if (row === undefined) return { status: 'lost', state: null, followUps: [] }
    const mark = sameMark(outcome)
    if (!this.#guards(row.task, settlement)) {
      const again = row.settled?.claim === claim && row.settled.mark === mark
      return { status: again ? 'already' : 'lost', state: row.task.state, followUps: [] }
    }
    row.settled = { claim, mark }
    row.logs.push(...settlement.logs)
    this.#end(row, outcome)
    return { status: 'applied', state: row.task.state, followUps: this.enqueue(settlement.followUps) }
  }

  #guards(task: TaskRecord, { claim, guard }: Settlement): boolean {
    if (task.state !== 'running' || task.claim !== claim) return false
    if (guard === 'rescue') return !this.isLive(task.session)
    return guard === 'claim' || (task.deadlineAt !== null && task.deadlineAt <= this.now)
  }

  #end(row: ModelRow, given: Outcome): void {
    const { task } = row
    const stopped = task.cancelRequestedAt !== null && (given.to === 'scheduled' || given.to === 'ready')
    const outcome: Outcome = stopped
      ? { ...given, kind: 'cancel', to: 'cancelled', reason: 'cancelled' }
      : given
    row.ended.push(this.#attempt(row, outcome))
    for (const name of ['failures', 'crashes', 'losses', 'releases', 'snoozes'] as const)
      task[name] += outcome.charge[name] ?? 0
    const cleared = { claim: null, deadlineAt: null, cancelRequestedAt: null }
    const fields: Partial<TaskRecord> = { ...cleared, outcome: outcome.kind, reason: outcome.reason }
    const error = outcome.error ?? task.error
    if (outcome.to === 'succeeded')
      this.move(row, 'succeeded', { ...fields, reason: null, error: null, result: outcome.result })
    else if (outcome.to === 'scheduled')
      this.move(row, 'scheduled', { ...fields, error, runAt: this.now + outcome.delay, place: null })
    else this.move(row, outcome.to, { ...fields, error })
  }

  #attempt(row: ModelRow, outcome: Outcome | null): AttemptRecord {
    const { attempt, session, startedAt } = row.task
    const from = { attempt, session, worker: row.worker, startedAt: startedAt ?? 0 }
    if (outcome === null)
      return { ...from, endedAt: null, outcome: null, reason: null, error: null, warnings: [] }
    const { kind, reason, error, warnings } = outcome
    return { ...from, endedAt: this.now, outcome: kind, reason, error, warnings }
  }

  attempts(id: string): AttemptRecord[] {
    const row = this.rows.get(id)
    if (row === undefined) return []
    return row.task.state === 'running' ? [...row.ended, this.#attempt(row, null)] : row.ended
  }

  report({ id, claim, progress, logs }: Report): ReportReply {
    const row = this.rows.get(id)
    if (row?.task.state !== 'running' || row.task.claim !== claim) return { status: 'lost' }
    if (progress !== null) row.task.progress = progress
    row.logs.push(...logs)
    return { status: row.task.cancelRequestedAt === null ? 'ok' : 'cancel' }
  }

  startSession(session: NewSession): 'started' | 'exists' {
    if (this.sessions.has(session.id)) return 'exists'
    const times = { startedAt: this.now, seenAt: this.now, expiresAt: this.now + session.lease }
    const life = { state: 'live' as const, cause: null, culprits: null, draining: false, beat: 0 }
    this.sessions.set(session.id, { ...session, ...life, ...times, endedAt: null })
    return 'started'
  }

  heartbeat({ session: id, renew, held, unclaimedAfter, draining }: Beat): BeatReply {
    const session = this.sessions.get(id)
    const paused = [...this.pausedQueues].toSorted()
    const rest = { now: this.now, paused, nextDueIn: this.dueIn((queue) => !this.pausedQueues.has(queue)) }
    const nothing = { mismatch: false, lost: [], unclaimed: [], cancels: [] }
    if (session?.state !== 'live') return { status: 'gone', ...rest, ...nothing }
    if (renew) {
      const expiresAt = this.now + session.lease
      Object.assign(session, { draining, beat: session.beat + 1, seenAt: this.now, expiresAt })
    }
    const mine = this.tasks('running').filter(({ task }) => task.session === id)
    const held1 = mine.map(({ task }) => ({ id: task.id, claim: task.claim ?? '' }))
    const names = new Set(held1.map((one) => `${one.claim} ${one.id}`))
    const list = held.list
    const listed = new Set(list?.map((one) => `${one.claim} ${one.id}`))
    const old = (one: { id: string }): boolean =>
      (this.rows.get(one.id)?.task.startedAt ?? 0) <= this.now - unclaimedAfter
    return {
      status: 'live',
      ...rest,
      // Whoever compares knows whether the hash that was sent is that of these very tokens.
      mismatch: false,
      lost: list?.filter((one) => !names.has(`${one.claim} ${one.id}`)) ?? [],
      unclaimed:
        list === null ? [] : held1.filter((one) => old(one) && !listed.has(`${one.claim} ${one.id}`)),
      cancels: held1.filter((one) => this.rows.get(one.id)?.task.cancelRequestedAt !== null),
    }
  }

  endSession({ session: id, cause, culprits }: SessionEnd): 'ended' | 'already' | 'absent' {
    const session = this.sessions.get(id)
    if (session === undefined) return 'absent'
    if (session.state === 'dead') return 'already'
    this.#die(session, cause, culprits)
    return 'ended'
  }

  #die(session: ModelSession, cause: ModelSession['cause'], culprits: ModelSession['culprits']): void {
    Object.assign(session, { state: 'dead', cause, culprits, endedAt: this.now })
  }

  /** One whole pass; pages of orphans are the comparer's business, and so is `keepCount`. */
  sweep({ every, declare, extend, grace }: SweepRequest): SweepReply {
    const nothing = { orphans: [], overdue: [], declaredDead: [], expired: 0, promoted: 0, purged: 0 }
    if (this.now - this.lastSweep < every) return { turn: false, ...nothing, cursor: null }
    this.lastSweep = this.now
    const live = [...this.sessions.values()].filter(({ state }) => state === 'live')
    if (extend) for (const session of live) session.expiresAt = this.now + session.lease
    const late = live.filter(({ expiresAt }) => declare && !extend && expiresAt <= this.now)
    for (const session of late) this.#die(session, 'expired', null)
    const running = this.tasks('running').map(({ task }) => structuredClone<TaskRecord>(task))
    const orphans = running.flatMap((task) => {
      if (this.isLive(task.session)) return []
      const { cause = 'missing', culprits = null } = this.sessions.get(task.session ?? '') ?? {}
      return [{ task, cause: cause ?? 'missing', culprits }]
    })
    const isLate = ({ deadlineAt }: TaskRecord): boolean =>
      deadlineAt !== null && deadlineAt + grace <= this.now
    const overdue = running.filter((task) => this.isLive(task.session) && isLate(task))
    const over = [...this.tasks('scheduled'), ...this.tasks('ready')].filter((row) => this.isExpired(row))
    for (const row of over) this.expire(row)
    const promoted = this.promote((queue) => !this.pausedQueues.has(queue))
    const purged = this.#prune()
    const declaredDead = late.map(({ id }) => id)
    const counts = { declaredDead, expired: over.length, promoted, purged }
    return { turn: true, orphans, overdue, ...counts, cursor: null }
  }

  #prune(): number {
    const old = this.tasks().filter(({ task: { state, keep, finishedAt } }) => {
      const kept = state === 'succeeded' ? keep.succeeded : keep.dead
      return finishedAt !== null && finishedAt + kept <= this.now
    })
    for (const row of old) this.bury(row)
    for (const [id, { until }] of this.graves) if (until <= this.now) this.graves.delete(id)
    const owners = new Set(this.tasks('running').map(({ task }) => task.session))
    for (const [id, { endedAt }] of this.sessions)
      if (endedAt !== null && endedAt + 3_600_000 < this.now && !owners.has(id)) this.sessions.delete(id)
    return old.length
  }

  act(action: Action): ActionReply {
    const row = this.rows.get(action.id)
    if (row === undefined) return { outcome: 'not_found', state: null, holder: null }
    const { task } = row
    const { outcome, holder = null } = this.#act(action, row)
    return { outcome, state: this.rows.has(task.id) ? task.state : null, holder }
  }

  #act(action: Action, row: ModelRow): { outcome: ActionReply['outcome']; holder?: string } {
    const { task } = row
    const waits = task.state === 'scheduled' || task.state === 'ready'
    switch (action.verb) {
      case 'cancel':
        if (task.state === 'cancelled') return { outcome: 'done' }
        if (waits) this.move(row, 'cancelled', { reason: 'cancelled', outcome: 'cancel' })
        if (task.state !== 'running') return { outcome: waits ? 'done' : 'refused' }
        task.cancelRequestedAt ??= this.now
        return { outcome: 'requested' }
      case 'requeue': {
        if (task.state !== 'dead' && task.state !== 'cancelled') return { outcome: 'refused' }
        const wants = task.uniqueKey !== null && (task.uniqueUntil === null || this.now < task.uniqueUntil)
        const holder = wants ? this.holderOf(task.uniqueKey ?? '')?.task : undefined
        if (holder !== undefined && holder !== task) return { outcome: 'held', holder: holder.id }
        const zero = { failures: 0, crashes: 0, losses: 0, releases: 0, snoozes: 0 }
        const cleared = { reason: null, error: null, result: null, finishedAt: null, expiresAt: null }
        this.move(row, 'ready', { ...zero, ...cleared, place: ++this.places, runAt: this.now })
        return { outcome: 'done' }
      }
      case 'delete':
        if (!isFinal(task.state)) return { outcome: 'refused' }
        this.bury(row)
        return { outcome: 'done' }
      case 'reprioritise':
        if (!waits) return { outcome: 'refused' }
        task.priority = action.priority
        if (task.state === 'ready') task.place = ++this.places
        return { outcome: 'done' }
    }
  }

  /** How many ready tasks of its queue would be claimed before this one. */
  ahead(id: string): number | null {
    const row = this.rows.get(id)
    if (row?.task.state !== 'ready') return null
    return this.ready((queue) => queue === row.task.queue).indexOf(row)
  }

  stats(queue: string): Omit<QueueStats, 'oldest' | 'estimated'> {
    const mine = this.tasks().filter(({ task }) => task.queue === queue)
    const entries = TASK_STATES.map((state) => [
      state,
      mine.filter(({ task }) => task.state === state).length,
    ])
    const counts = Object.fromEntries(entries) as QueueStats['counts']
    const takers = [...this.sessions.values()].filter(
      ({ state, queues, draining }) =>
        state === 'live' && !draining && (queues === null || queues.includes(queue)),
    )
    return { queue, paused: this.pausedQueues.has(queue), counts, workers: takers.length }
  }
}
