// Runs the input schema of a task type over a payload as JSON carries it, at enqueue to refuse and at run to compute
// what the handler gets: both see the same value. What is stored stays the caller's own text.

import { WindlassError } from './errors.ts'
import { issuesText, type SchemaIssue, type SchemaResult, type StandardSchema } from './standard-schema.ts'

type Checked = SchemaResult<unknown> | Promise<SchemaResult<unknown>>

/**
 * What a schema says of a payload. JSON has no `undefined`: an input left out is stored as null, so a schema that
 * refuses null is asked about undefined too (optional inputs, defaults).
 * @param value the parsed text of the payload
 */
export function runSchema(schema: StandardSchema, value: unknown): Checked {
  const first = schema['~standard'].validate(value)
  if (value !== null) return first
  if (first instanceof Promise) return first.then((result) => orLeftOut(schema, result))
  return orLeftOut(schema, first)
}

function orLeftOut(schema: StandardSchema, first: SchemaResult<unknown>): Checked {
  if (first.issues === undefined) return first
  const second = schema['~standard'].validate(undefined)
  if (second instanceof Promise)
    return second.then((result) => (result.issues === undefined ? result : first))
  return second.issues === undefined ? second : first
}

/**
 * Refuses a payload that the schema of its type does not accept. Answers a promise only where the schema does.
 * @param text the payload's JSON text
 * @throws WindlassError `invalid_payload` with up to 20 issues in `detail.issues`
 */
export function checkInput(
  type: { readonly name: string; readonly input: StandardSchema | null },
  text: string,
): void | Promise<void> {
  if (type.input === null) return
  const checked = runSchema(type.input, JSON.parse(text))
  if (checked instanceof Promise) return checked.then((result) => refuse(type.name, result.issues))
  refuse(type.name, checked.issues)
}

function refuse(name: string, issues: readonly SchemaIssue[] | undefined): void {
  if (issues === undefined) return
  throw new WindlassError('invalid_payload', `${name}: ${issuesText(issues)}`, {
    detail: {
      type: name,
      issues: issues.slice(0, 20).map(({ message, path }) => ({
        message,
        path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)),
      })),
    },
  })
}
