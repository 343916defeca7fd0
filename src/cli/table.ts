// Tables and lists of facts as text for people: columns as wide as what stands in them, also with Chinese text.
// Owns widths and cuts; promises never to break a line by itself. Leaves colours to the caller (they count as
// nothing here) and what stands in the cells too.

import { stripVTControlCharacters } from 'node:util'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Longer text is cut with `…`. */
  readonly most?: number
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}/u

/** Columns that a terminal needs for the text. */
export function widthOf(text: string): number {
  let width = 0
  for (const sign of stripVTControlCharacters(text))
    width += NO_WIDTH.test(sign) ? 0 : WIDE.test(sign) ? 2 : 1
  return width
}

/** The text, cut to a width. */
export function fit(text: string, most: number): string {
  if (widthOf(text) <= most) return text
  let width = 0
  let kept = ''
  for (const sign of text) {
    width += widthOf(sign)
    if (width > most - 1) break
    kept += sign
  }
  return `${kept}…`
}

/** A table with a head line. `head` styles the titles. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  head: (text: string) => string = (text) => text,
): string {
  const cells = rows.map((row) =>
    columns.map(({ most }, i) => (most === undefined ? (row[i] ?? '') : fit(row[i] ?? '', most))),
  )
  const widths = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[i] ?? ''))),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => pad(text, widths[i] ?? 0, columns[i]?.align ?? 'left'))
      .join('  ')
      .trimEnd()
  return [head(line(columns.map(({ title }) => title))), ...cells.map(line)].join('\n')
}

/** Names and values, one pair a line; pairs without a value are left out. */
export function formatFacts(facts: readonly (readonly [string, string | null])[]): string {
  const said = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null)
  const width = Math.max(0, ...said.map(([name]) => widthOf(name)))
  return said.map(([name, value]) => `${pad(name, width, 'left')}  ${value}`).join('\n')
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? text + space : space + text
}
