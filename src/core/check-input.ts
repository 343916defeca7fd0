// Runs the input schema of a task type over a payload as JSON carries it, at enqueue to refuse and at run to compute
// what the handler gets: both see the same value. What is stored stays the caller's own text.

import { WindlassError } from './errors.ts'
import { issueMessage, issuePath, issuesText } from './standard-schema.ts'
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts'

type Result = SchemaResult<unknown>
type Checked = Result | Promise<Result>

/** A promise of any library or realm: taken for an answer it would count as "no issues". */
function isLater(checked: Checked): checked is Promise<Result> {
  return 'then' in checked && typeof checked.then === 'function'
}

/**
 * What a schema says of a payload. JSON has no `undefined`: an input left out is stored as null, so a schema that
 * refuses null is asked about undefined too (optional inputs, defaults).
 * @param value the parsed text of the payload
 */
export function runSchema(schema: StandardSchema, value: unknown): Checked {
  const first = schema['~standard'].validate(value)
  if (value !== null) return first
  if (isLater(first)) return first.then((result) => orLeftOut(schema, result))
  return orLeftOut(schema, first)
}

function orLeftOut(schema: StandardSchema, first: Result): Checked {
  if (first.issues === undefined) return first
  const second = schema['~standard'].validate(undefined)
  if (isLater(second)) return second.then((result) => (result.issues === undefined ? result : first))
  return second.issues === undefined ? second : first
}

/**
 * Refuses a payload that the schema of its type does not accept. Answers a promise only where the schema does.
 * @param text the payload's JSON text
 * @throws WindlassError `invalid_payload` with up to 20 issues in `detail.issues`, or with what the schema threw as cause
 */
export function checkInput(
  type: { readonly name: string; readonly input: StandardSchema | null },
  text: string,
): void | Promise<void> {
  if (type.input === null) return
  const { name, input } = type
  try {
    const checked = runSchema(input, JSON.parse(text))
    if (!isLater(checked)) return refuse(name, checked.issues)
    return Promise.resolve(checked).then(
      (result) => refuse(name, result.issues),
      (error: unknown) => threw(name, error),
    )
  } catch (error) {
    threw(name, error)
  }
}

/** A refinement or a transform that throws means the same as one that refuses. */
function threw(name: string, cause: unknown): never {
  if (cause instanceof WindlassError) throw cause
  throw new WindlassError('invalid_payload', `${name}: the schema threw while it checked the payload`, {
    cause,
  })
}

function refuse(name: string, issues: readonly SchemaIssue[] | undefined): void {
  if (issues === undefined) return
  throw new WindlassError('invalid_payload', `${name}: ${issuesText(issues)}`, {
    detail: {
      type: name,
      issues: issues.slice(0, 20).map((issue) => ({ message: issueMessage(issue), path: issuePath(issue) })),
    },
  })
}
