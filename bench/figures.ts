// The figures the project holds itself to: how they are taken, what is aimed at, and below what a full run fails.
// Each is the median of its rounds, and each round takes all that a ratio needs within seconds of each other.

import type { Peer } from './peers.ts'
import type { Size } from './scenarios.ts'

/** What a figure may use, and how much of it is measured. */
export interface Ground extends Size {
  readonly peer: Peer | null
  /** Rows that claims must not mind. */
  readonly rows: number
  /** Tasks picked up, and how long idleness is watched, in ms. */
  readonly pickups: number
  readonly idle: number
  /** How long a worker idles before it is weighed, in ms. */
  readonly settle: number
  /** The same answer for all figures of one round that share it. */
  readonly once: <R>(key: string, take: () => Promise<R>) => Promise<R>
}

export interface Figure {
  readonly name: string
  readonly unit: string
  readonly target: number | null
  readonly floor: number | null
  /** Less is better. */
  readonly less?: boolean
  /** Null: cannot be taken here. */
  readonly measure: (ground: Ground) => Promise<number | null>
}

/** A figure that was taken. */
export interface Taken {
  readonly figure: string
  readonly unit: string
  readonly target: number | null
  readonly floor: number | null
  readonly value: number | null
  readonly all: readonly number[]
  readonly verdict: 'target' | 'floor' | 'below' | 'beside' | 'skipped'
}

/** Takes each figure `rounds` times; `wanted` chooses by name. */
export async function takeFigures(
  figures: readonly Figure[],
  rounds: number,
  ground: Omit<Ground, 'once'>,
  wanted: (name: string) => boolean,
  tell: (taken: Taken) => void,
): Promise<void> {
  const shared = Array.from({ length: rounds }, () => memo())
  for (const figure of figures) {
    if (!wanted(figure.name)) continue
    const all: number[] = []
    for (const once of shared) {
      const value = await figure.measure({ ...ground, once })
      if (value !== null) all.push(value)
    }
    const { name, unit, target, floor } = figure
    const value = all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? null
    tell({ figure: name, unit, target, floor, value, all, verdict: judge(figure, value) })
  }
}

function memo(): Ground['once'] {
  const known = new Map<string, Promise<unknown>>()
  return <R>(key: string, take: () => Promise<R>): Promise<R> => {
    const answer = (known.get(key) as Promise<R> | undefined) ?? take()
    known.set(key, answer)
    return answer
  }
}

function judge({ target, floor, less = false }: Figure, value: number | null): Taken['verdict'] {
  if (value === null) return 'skipped'
  if (target === null) return 'beside'
  const reaches = (bound: number): boolean => (less ? value <= bound : value >= bound)
  if (reaches(target)) return 'target'
  return floor === null || reaches(floor) ? 'floor' : 'below'
}

const WORDS: Readonly<Record<Taken['verdict'], string>> = {
  target: 'ok',
  floor: 'below target',
  below: 'BELOW FLOOR',
  beside: '',
  skipped: 'skipped',
}

/** One line of the table. */
export function lineOf({ figure, unit, target, floor, value, verdict }: Taken): string {
  const said = value === null ? '–' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`
  const bounds = target === null ? '' : `target ${target}${floor === null ? '' : `, floor ${floor}`}`
  return `  ${figure.padEnd(66)} ${said.padStart(16)}  ${bounds.padEnd(24)} ${WORDS[verdict]}`.trimEnd()
}
