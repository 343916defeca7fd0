// What an enqueue fixes and scripts do not look at (but the digest and the index, which come first): policies, tags,
// meta, trace, payload, packed into one text.
// Promises that payload and meta come back byte for byte. What most tasks have in common takes no space.

import type { NewTask } from '../../core/hot-verbs.ts'
import type { TaskSpec } from '../../core/record.ts'
import { FIELD, LINE, unword, word } from './words.ts'

type Policy = Pick<TaskSpec, 'retry' | 'crash' | 'codec' | 'payloadVersion'>
type Extra = Pick<TaskSpec, 'origin' | 'rootId' | 'tags' | 'meta' | 'traceContext'>

/** What a body says. */
export interface Fixed {
  readonly digest: string
  /** From 1 among the tasks that were enqueued in one run; 0: in none. */
  readonly index: number
  readonly policy: Policy
  readonly extra: Extra
  readonly payload: string
}

/** What '' stands for. Never to be changed: stores hold tasks that were written with it. */
const COMMON: Policy = {
  retry: { kind: 'fixed', retries: 3, delay: 60_000 },
  crash: { crashes: 3, losses: 10, delays: [0, 10_000, 60_000] },
  codec: null,
  payloadVersion: 1,
}
const COMMON_TEXT = JSON.stringify(COMMON)
const COMMON_ORIGIN = 'client'
/** Different policies that are remembered as read. */
const REMEMBERED = 1_000

const NO_TAGS: readonly string[] = []

/** Packs and unpacks; remembers the policies that it has seen last. */
export class Bodies {
  readonly #policies = new Map<string, Policy>([['', COMMON]])
  #last: { readonly of: Policy; readonly text: string } | null = null

  /** @param index from 1 in a run of plain tasks; 0: it is not in one */
  pack(task: NewTask, index: number): string {
    const at = index === 0 ? '' : `${FIELD}${index}`
    return `${word(task.digest)}${at}${LINE}${this.#policyText(task)}${LINE}${extraText(task)}${LINE}${task.payload}`
  }

  unpack(id: string, body: string): Fixed {
    const first = body.indexOf(LINE)
    const second = body.indexOf(LINE, first + 1)
    const third = body.indexOf(LINE, second + 1)
    const [digest = '', index = '0'] = body.slice(0, first).split(FIELD)
    return {
      digest: unword(digest),
      index: Number(index),
      policy: this.#policy(body.slice(first + 1, second)),
      extra: extraOf(id, body.slice(second + 1, third)),
      payload: body.slice(third + 1),
    }
  }

  /** Tasks of one type share the parts by reference, which spares writing them anew. */
  #policyText(task: Policy): string {
    const { retry, crash, codec, payloadVersion } = task
    const last = this.#last?.of
    if (
      last !== undefined &&
      last.retry === retry &&
      last.crash === crash &&
      last.codec === codec &&
      last.payloadVersion === payloadVersion
    )
      return this.#last?.text ?? ''
    const of = { retry, crash, codec, payloadVersion }
    const whole = JSON.stringify(of)
    const text = whole === COMMON_TEXT ? '' : whole
    this.#last = { of, text }
    return text
  }

  #policy(text: string): Policy {
    const known = this.#policies.get(text)
    if (known !== undefined) return known
    if (this.#policies.size >= REMEMBERED) {
      this.#policies.clear()
      this.#policies.set('', COMMON)
    }
    const policy = JSON.parse(text) as Policy
    this.#policies.set(text, policy)
    return policy
  }
}

/** '' for a task of a client that is its own root and has nothing more. */
function extraText({ id, origin, rootId, tags, meta, traceContext }: NewTask): string {
  const root = rootId === id ? 0 : rootId
  if (tags.length > 0 || meta !== null || traceContext !== null) {
    return JSON.stringify([origin, root, tags, meta, traceContext])
  }
  return root === 0 && origin === COMMON_ORIGIN ? '' : JSON.stringify([origin, root])
}

function extraOf(id: string, text: string): Extra {
  if (text === '') {
    return { origin: COMMON_ORIGIN, rootId: id, tags: NO_TAGS, meta: null, traceContext: null }
  }
  const [origin, root, tags = NO_TAGS, meta = null, traceContext = null] = JSON.parse(text) as [
    string | null,
    string | null | 0,
    (readonly string[])?,
    (string | null)?,
    (string | null)?,
  ]
  return { origin, rootId: root === 0 ? id : root, tags, meta, traceContext }
}
