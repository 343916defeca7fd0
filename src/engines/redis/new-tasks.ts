// New tasks as the arguments of scripts (lua/new-tasks.lua), and their answers as replies.
// Tasks in a row that are due now, minted, of one shape and with nothing special travel as one run.

import type { EnqueueReply, NewTask, When } from '../../core/hot-verbs.ts'
import type { Reply } from './link.ts'
import type { Bodies } from './body.ts'
import { digits, FIELD, ITEM, optional, stateOf, unword, word } from './words.ts'

const OUTCOMES = { c: 'created', e: 'existing', d: 'duplicate', x: 'conflict' } as const

/** The arguments for these tasks, in their order. */
export function encodeTasks(tasks: readonly NewTask[], bodies: Bodies): string[] {
  const shapes = new Shapes()
  const args: string[] = []
  let runs = 0
  /** The ids of the open run, and where they are to stand in `args`. */
  let ids: string[] = []
  let open = -1
  let openShape = ''
  const close = (): void => {
    if (open >= 0) args[open] = ids.join(ITEM)
    open = -1
  }
  for (const task of tasks) {
    const shape = shapes.numberOf(task)
    const id = word(task.id)
    if (isPlain(task)) {
      if (open < 0 || openShape !== shape) {
        close()
        runs++
        ids = []
        open = args.push('p', shape, '') - 1
        openShape = shape
      }
      args.push(bodies.pack(task, ids.push(id)))
      continue
    }
    close()
    runs++
    const [expires, at] = task.expires === null ? ['', ''] : instant(task.expires)
    args.push('n', shape, id, bodies.pack(task, 0), ...instant(task.due), expires, at)
    args.push(digits(task.unique?.for ?? null), task.minted ? '1' : '')
  }
  close()
  return [...shapes.list(), String(runs), ...args]
}

/** The arguments for a plain task alone (lua/enqueue-one.lua). */
export function encodeOne(task: NewTask, bodies: Bodies): string[] {
  return [word(task.id), bodies.pack(task, 1), shapeText(task, weightOf(task)), String(task.priority)]
}

/** Due now, minted, and nothing special: most tasks are. */
export function isPlain({ minted, unique, group, parentId, expires, due }: NewTask): boolean {
  return (
    minted &&
    unique === null &&
    group === null &&
    parentId === null &&
    expires === null &&
    'after' in due &&
    due.after <= 0
  )
}

function instant(when: When): [kind: string, value: string] {
  return 'at' in when ? ['t', String(when.at)] : ['a', String(when.after)]
}

/** Bytes up to which the body of a task needs no weight: 1,000 of them are what one answer may hold. */
const LIGHT = 4_096
/** What a body may have beside payload, meta and tags. */
const BESIDE = 1_024

/** What a claim reckons with: the bytes of a body, rounded up to a power of two so that many share a shape. */
function weightOf({ payload, meta, tags }: NewTask): string {
  const beside = BESIDE + 3 * (meta?.length ?? 0) + 3 * tags.join().length
  if (payload.length * 3 + beside <= LIGHT) return ''
  const bytes = Buffer.byteLength(payload) + beside
  return bytes <= LIGHT ? '' : String(2 ** Math.ceil(Math.log2(bytes)))
}

/** The different shapes of one call, each written once. */
class Shapes {
  readonly #numbers = new Map<string, string>()
  readonly #args: string[] = []
  #last: { readonly of: NewTask; readonly weight: string; readonly n: string } | null = null

  numberOf(task: NewTask): string {
    const weight = weightOf(task)
    const last = this.#last
    if (last !== null && last.weight === weight && isAlike(last.of, task)) return last.n
    const shape = shapeText(task, weight)
    const priority = String(task.priority)
    const key = `${priority} ${shape}`
    let n = this.#numbers.get(key)
    if (n === undefined) {
      n = String(this.#numbers.size + 1)
      this.#numbers.set(key, n)
      this.#args.push(shape, priority)
    }
    this.#last = { of: task, weight, n }
    return n
  }

  list(): string[] {
    return [String(this.#numbers.size), ...this.#args]
  }
}

function isAlike(a: NewTask, b: NewTask): boolean {
  return (
    a.queue === b.queue &&
    a.type === b.type &&
    a.priority === b.priority &&
    a.timeout === b.timeout &&
    a.keep.succeeded === b.keep.succeeded &&
    a.keep.dead === b.keep.dead &&
    a.group === b.group &&
    a.parentId === b.parentId &&
    a.unique === null &&
    b.unique === null
  )
}

function shapeText({ queue, type, timeout, keep, unique, group, parentId }: NewTask, weight: string): string {
  const key = optional(unique?.key ?? null)
  return [
    word(queue),
    word(type),
    digits(timeout),
    keep.succeeded,
    keep.dead,
    key,
    optional(group),
    optional(parentId),
    weight,
  ].join(FIELD)
}

/** The replies to these tasks: what is not told otherwise was created and is ready. */
export function enqueueReplies(tasks: readonly NewTask[], refused: Reply): EnqueueReply[] {
  const replies = tasks.map(({ id }): EnqueueReply => ({ outcome: 'created', id, state: 'ready' }))
  if (!Array.isArray(refused)) return replies
  for (let i = 0; i + 3 < refused.length; i += 4) {
    const outcome = OUTCOMES[refused[i + 1] as keyof typeof OUTCOMES]
    const id = unword(String(refused[i + 2]))
    const code = String(refused[i + 3])
    replies[Number(refused[i])] = { outcome, id, state: code === '' ? null : stateOf(code) } as EnqueueReply
  }
  return replies
}
