// How results are shown: a block of lines for each scenario, one line for each figure, and beneath them the rates and
// times that they were made of.

import type { Part, Taken } from './figures.ts'

/** A scenario on one subject. */
export interface Line {
  readonly scenario: string
  readonly subject: string
  readonly unit: string
  readonly median: number
  readonly least: number
  readonly most: number
  /** To the bare loop of the same engine; null where there is none. */
  readonly ratio: number | null
}

const WORDS: Readonly<Record<Taken['verdict'], string>> = {
  target: 'ok',
  floor: 'below target',
  below: 'BELOW FLOOR',
  beside: '',
  skipped: 'skipped',
  failed: 'FAILED',
}

/** The lines of a scenario. */
export function linesOf(lines: readonly Line[], rounds: number): string[] {
  const [first] = lines
  if (first === undefined) return []
  return [
    `\n${first.scenario} (${first.unit}, median of ${rounds})`,
    ...lines.map(({ subject, median, least, most, ratio }) => {
      const beside = ratio === null ? '' : `  × ${ratio.toFixed(2)}`
      return `  ${subject.padEnd(32)} ${grouped(median).padStart(9)}  (${grouped(least)}–${grouped(most)})${beside}`
    }),
  ]
}

/** The line of a figure. */
export function lineOf({ figure, unit, target, floor, value, verdict, why }: Taken): string {
  const said = value === null ? '–' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`
  const bounds = target === null ? '' : `target ${target}${floor === null ? '' : `, floor ${floor}`}`
  // Why something is skipped was said once, when it was found out.
  const because = verdict !== 'failed' ? '' : `: ${why}`
  return `  ${figure.padEnd(92)} ${said.padStart(16)}  ${bounds.padEnd(24)} ${WORDS[verdict]}${because}`.trimEnd()
}

/** What figures were made of, grouped by what was measured. */
export function partsOf(parts: readonly Part[]): string[] {
  const whats = [...new Set(parts.map(({ what }) => what))]
  return whats.flatMap((what) => [
    `    ${what}`,
    ...parts
      .filter((part) => part.what === what)
      .map(({ who, median, all }) => {
        const spread = all.length > 1 ? `  (${grouped(Math.min(...all))}–${grouped(Math.max(...all))})` : ''
        return `      ${who.padEnd(40)} ${grouped(median).padStart(9)}${spread}`
      }),
  ])
}

function grouped(value: number): string {
  return value.toLocaleString(
    'en-US',
    value < 100 ? { maximumFractionDigits: 2 } : { maximumFractionDigits: 0 },
  )
}
