// The types of Standard Schema v1 (standardschema.dev), which zod, valibot, arktype and others implement: users
// bring the validator they like. Only the types are repeated here, as the specification recommends.

/** A validator of any library. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type InputOf<S> = S extends {
  readonly '~standard': { readonly types?: { readonly input: infer I } | undefined }
}
  ? I
  : never
export type OutputOf<S> = S extends {
  readonly '~standard': { readonly types?: { readonly output: infer O } | undefined }
}
  ? O
  : never

/** Where an issue is: at most 20 steps of at most 60 characters. Libraries are strangers: nothing here throws. */
export function issuePath(issue: SchemaIssue): string[] {
  return (issue.path ?? []).slice(0, 20).map((part: unknown) => {
    const key: unknown = typeof part === 'object' && part !== null && 'key' in part ? part.key : part
    return typeof key === 'string' || typeof key === 'number' || typeof key === 'symbol'
      ? String(key).slice(0, 60)
      : '?'
  })
}

/** What an issue says, on one line of at most 300 characters. */
export function issueMessage(issue: SchemaIssue): string {
  const message: unknown = issue.message
  return typeof message === 'string' ? message.slice(0, 300).replaceAll(/\s+/g, ' ') : 'is not accepted'
}

/** One line for up to five issues: `path: message; path: message`. */
export function issuesText(issues: readonly SchemaIssue[]): string {
  const lines = issues.slice(0, 5).map((issue) => {
    const path = issuePath(issue).join('.')
    return path === '' ? issueMessage(issue) : `${path}: ${issueMessage(issue)}`
  })
  return issues.length > 5 ? `${lines.join('; ')}; and ${issues.length - 5} more` : lines.join('; ')
}
