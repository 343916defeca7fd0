// The figures the project holds itself to: how they are taken, what is aimed at, and below what a full run fails. Those
// of one topic are taken together, round by round, so that all that a ratio needs is measured near each other; each is
// the median of its rounds. The rates and times that ratios are made of are kept as well, and told beneath them.

import { LeftOut } from './left-out.ts'
import type { Peers } from './peers.ts'
import type { Size } from './scenarios.ts'

/** How much of what is measured. */
export interface Amounts extends Size {
  /** Rows that claims must not mind. */
  readonly rows: number
  /** Tasks picked up, and how long idleness is watched, in ms. */
  readonly pickups: number
  readonly idle: number
  /** Tasks enqueued at 1,000 a second. */
  readonly steady: number
  /** How long a worker idles before it is weighed, in ms. */
  readonly settle: number
  /** Tasks worked off beside a transaction that stays open. */
  readonly beside: number
  /** Tasks cancelled at the head of a queue. */
  readonly cancels: number
  readonly rounds: number
}

/** What a figure may use. */
export interface Ground extends Amounts {
  readonly peers: Peers
  /** The same answer for all figures of one round that share it. */
  readonly once: <R>(key: string, take: () => Promise<R>) => Promise<R>
  /** A rate or a time, taken once a round, and told beneath the figures. */
  readonly take: (what: string, who: string, measure: () => Promise<number>) => Promise<number>
  /** Tells a rate or a time that was measured already. */
  readonly note: (what: string, who: string, value: number) => void
}

export interface Figure {
  readonly name: string
  readonly unit: string
  readonly target: number | null
  readonly floor: number | null
  /** Less is better. */
  readonly less?: boolean
  /** A list: all its rounds at once, in the first one. */
  readonly measure: (ground: Ground) => Promise<number | readonly number[]>
}

/** Figures that are taken together. */
export interface Topic {
  readonly name: string
  /** The engine that it is about. */
  readonly engine: string
  readonly figures: readonly Figure[]
}

/** A figure that was taken. */
export interface Taken {
  readonly figure: string
  readonly unit: string
  readonly target: number | null
  readonly floor: number | null
  readonly value: number | null
  readonly all: readonly number[]
  readonly verdict: 'target' | 'floor' | 'below' | 'beside' | 'skipped' | 'failed'
  /** Why it was skipped or failed. */
  readonly why?: string
}

/** A rate or a time of a topic. */
export interface Part {
  readonly what: string
  readonly who: string
  readonly median: number
  readonly all: readonly number[]
}

interface Series {
  readonly all: number[]
  /** True: the first round said it all. */
  whole: boolean
  left: Pick<Taken, 'verdict' | 'why'> | null
}

/** Takes the figures of a topic; `wanted` chooses by name. */
export async function takeTopic(
  { figures }: Topic,
  ground: Omit<Ground, 'once' | 'take' | 'note'>,
  wanted: (name: string) => boolean,
): Promise<{ readonly taken: Taken[]; readonly parts: Part[] }> {
  const chosen = figures.filter(({ name }) => wanted(name))
  const series = chosen.map((): Series => ({ all: [], whole: false, left: null }))
  const parts = new Map<string, { readonly what: string; readonly who: string; readonly all: number[] }>()
  const note: Ground['note'] = (what, who, value) => {
    const part = parts.get(`${what} | ${who}`) ?? { what, who, all: [] }
    part.all.push(value)
    parts.set(`${what} | ${who}`, part)
  }
  for (let round = 0; round < ground.rounds; round++) {
    const once = memo()
    const take: Ground['take'] = (what, who, measure) =>
      once(`${what} | ${who}`, async () => {
        const value = await measure()
        note(what, who, value)
        return value
      })
    for (const [i, figure] of chosen.entries())
      await takeRound(figure, series[i], { ...ground, once, take, note })
  }
  return {
    taken: chosen.map((figure, i) => conclude(figure, series[i])),
    parts: [...parts.values()].map((part) => ({ ...part, median: medianOf(part.all) ?? 0 })),
  }
}

async function takeRound(figure: Figure, series: Series | undefined, ground: Ground): Promise<void> {
  if (series === undefined || series.whole || series.left !== null) return
  try {
    const value = await figure.measure(ground)
    series.all.push(...(typeof value === 'number' ? [value] : value))
    series.whole = typeof value !== 'number'
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    series.left = { verdict: error instanceof LeftOut ? 'skipped' : 'failed', why }
  }
}

function conclude(figure: Figure, series: Series | undefined): Taken {
  const { name, unit, target, floor } = figure
  const all = series?.all ?? []
  const value = series?.left === null ? medianOf(all) : null
  return { figure: name, unit, target, floor, value, all, verdict: judge(figure, value), ...series?.left }
}

function memo(): Ground['once'] {
  const known = new Map<string, Promise<unknown>>()
  return <R>(key: string, take: () => Promise<R>): Promise<R> => {
    const answer = (known.get(key) as Promise<R> | undefined) ?? take()
    known.set(key, answer)
    return answer
  }
}

/** The one in the middle; null: there is none. */
export function medianOf(all: readonly number[]): number | null {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? null
}

function judge({ target, floor, less = false }: Figure, value: number | null): Taken['verdict'] {
  if (value === null) return 'skipped'
  if (target === null) return 'beside'
  const reaches = (bound: number): boolean => (less ? value <= bound : value >= bound)
  if (reaches(target)) return 'target'
  return floor === null || reaches(floor) ? 'floor' : 'below'
}
