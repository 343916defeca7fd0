// Statements as data: fixed texts with `?` for values, `@name` for tables, and the values beside them. The driver alone
// puts values into a text, so no value can become a part of a statement, also where several travel in one message.
// A list in a template becomes `a, b, c`; a list of lists becomes rows, `(a, b), (c, d)`.

import type { Value } from '../sql/session.ts'

/** A fixed expression instead of a value; the driver writes it as it is. */
export interface Expression {
  toSqlString(): string
}

type Single = Value | Expression
export type Values = readonly Single[]

export interface Statement {
  readonly text: string
  readonly values: readonly (Single | Values | readonly Values[])[]
}

/** A fixed expression, or one with whole numbers in it. */
export function expression(text: string): Expression {
  return { toSqlString: () => text }
}

/** A statement from a template. Statements in it are parts of the text, everything else is a value. */
export function sql(
  strings: TemplateStringsArray,
  ...parts: readonly (Single | Statement | Values | readonly Values[])[]
): Statement {
  let text = strings[0] ?? ''
  const values: Statement['values'][number][] = []
  for (const [i, part] of parts.entries()) {
    if (isStatement(part)) {
      text += part.text
      values.push(...part.values)
    } else {
      text += '?'
      // What no value is equal to, where there are none.
      values.push(Array.isArray(part) && part.length === 0 ? null : part)
    }
    text += strings[i + 1] ?? ''
  }
  return { text, values }
}

/** A fixed text without values. */
export function words(text: string): Statement {
  return { text, values: [] }
}

/** Parts of a statement, one after the other. */
export function joined(parts: readonly Statement[], between: string): Statement {
  return { text: parts.map(({ text }) => text).join(between), values: parts.flatMap(({ values }) => values) }
}

function isStatement(part: unknown): part is Statement {
  return typeof part === 'object' && part !== null && 'text' in part
}
