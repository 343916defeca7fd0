// The verbs of sessions: start, heartbeat, end, and the list of them.
// The store tells what it believes each session runs; the comparison with what is held is made here, by core's rule.

import { compareHeld, heldHash, type RunningRow } from '../../core/held.ts'
import type { Beat, BeatReply, NewSession, SessionEnd } from '../../core/hot-verbs.ts'
import type { DeathCause, SessionRecord } from '../../core/record.ts'
import type { Reply } from './link.ts'
import type { Store } from './store.ts'
import { FIELD, undigits, unword, word } from './words.ts'

type Fixed = Omit<NewSession, 'id' | 'lease'>

export async function startSessions(
  store: Store,
  sessions: readonly NewSession[],
): Promise<('started' | 'exists')[]> {
  if (sessions.length === 0) return []
  const args = sessions.flatMap(({ id, lease, ...fixed }) => [
    word(id),
    String(lease),
    fixed.host,
    fixed.name,
    JSON.stringify(fixed),
  ])
  return (await store.run('sessions', ['start', ...args])) as ('started' | 'exists')[]
}

export async function endSessions(
  store: Store,
  ends: readonly SessionEnd[],
): Promise<('ended' | 'already' | 'absent')[]> {
  if (ends.length === 0) return []
  const args = ends.flatMap(({ session, cause, culprits }) => [
    word(session),
    cause,
    culprits === null ? '' : JSON.stringify(culprits),
  ])
  return (await store.run('sessions', ['end', ...args])) as ('ended' | 'already' | 'absent')[]
}

export async function heartbeat(store: Store, beats: readonly Beat[]): Promise<BeatReply[]> {
  if (beats.length === 0) return []
  const args = beats.flatMap(({ session, renew, draining }) => [
    word(session),
    renew ? '1' : '0',
    draining ? '1' : '0',
  ])
  const [now, paused, wait, ...running] = await store.run('heartbeat', args)
  const common = {
    now: Number(now),
    paused: sortedWords(paused as readonly string[]),
    nextDueIn: undigits(String(wait)),
  }
  return beats.map((beat, i) => {
    const rows = running[i]
    if (!Array.isArray(rows)) {
      return { ...common, status: 'gone', mismatch: false, lost: [], unclaimed: [], cancels: [] }
    }
    return { ...common, status: 'live', ...compare(beat, common.now, rows as readonly Reply[]) }
  })
}

function compare({ held, unclaimedAfter }: Beat, now: number, flat: readonly Reply[]) {
  const running: RunningRow[] = []
  const cancels: { id: string; claim: string }[] = []
  for (let i = 0; i + 3 < flat.length; i += 4) {
    const [id, claim] = [unword(String(flat[i])), unword(String(flat[i + 1]))]
    running.push({ id, claim, startedAt: Number(flat[i + 2]) })
    if (flat[i + 3] !== '') cancels.push({ id, claim })
  }
  if (held.list === null) {
    const mismatch = held.count !== running.length || held.hash !== heldHash(running)
    return { mismatch, lost: [], unclaimed: [], cancels }
  }
  return { mismatch: false, ...compareHeld(held.list, running, now - unclaimedAfter), cancels }
}

/** Words as texts, in the order of their bytes. */
export function sortedWords(words: readonly string[]): string[] {
  return words.map(unword).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

export async function listSessions(
  store: Store,
  filter: { readonly state: 'live' | 'dead' | null; readonly host: string | null },
): Promise<SessionRecord[]> {
  const [rows, fixed] = await Promise.all([store.pairs('ss'), store.pairs('si')])
  const texts = new Map(fixed)
  return rows
    .flatMap(([id, row]) => {
      const text = texts.get(id)
      return text === undefined ? [] : [sessionOf(unword(id), row, JSON.parse(text) as Fixed)]
    })
    .filter(
      (session) =>
        (filter.state === null || session.state === filter.state) &&
        (filter.host === null || session.host === filter.host),
    )
    .toSorted((a, b) => a.startedAt - b.startedAt)
}

function sessionOf(id: string, row: string, fixed: Fixed): SessionRecord {
  const [state, lease, beat, seen, expires, draining, started, ended, cause = '', ...culprits] =
    row.split(FIELD)
  const named = culprits.join(FIELD)
  return {
    id,
    ...fixed,
    lease: Number(lease),
    state: state === 'l' ? 'live' : 'dead',
    cause: cause === '' ? null : (cause as DeathCause),
    culprits: culpritsOf(named),
    draining: draining === '1',
    beat: Number(beat),
    startedAt: Number(started),
    seenAt: Number(seen),
    expiresAt: Number(expires),
    endedAt: undigits(ended),
  }
}

/** The tasks that were named as guilty; '' for unknown. */
export function culpritsOf(text: string): readonly string[] | null {
  return text === '' ? null : (JSON.parse(text) as string[])
}
