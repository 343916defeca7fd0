/**
 * Every line that a worker, a supervisor or a command says in the log is in the catalogue of both languages.
 *
 * Reads the code: what is given to a log, to `say`, as news of kind `log`, and as a line with level and message. Texts
 * with something in them are tried with a sample. Leaves lines that are made elsewhere (a handler's own) alone.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseSync, Visitor, type Expression } from 'oxc-parser'
import { Texts } from '../../src/base/messages/messages.ts'
import { decide, type Ending } from '../../src/core/decide.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY } from '../../src/core/retry.ts'
import { newError } from '../../src/testing/samples.ts'
import { endingLine } from '../../src/worker/ending-words.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LOG = /(^|[.#])log$/i
const LEVELS = new Set(['debug', 'info', 'warn', 'error'])

/** The texts that an expression may come to; none where it is made elsewhere. */
function textsOf(
  node: Expression | undefined,
  known: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  if (node === undefined) return []
  if (node.type === 'Literal') return typeof node.value === 'string' ? [node.value] : []
  if (node.type === 'TemplateLiteral')
    return [node.quasis.map(({ value }) => value.cooked ?? '').join('sample 1')]
  if (node.type === 'ConditionalExpression')
    return [...textsOf(node.consequent, known), ...textsOf(node.alternate, known)]
  return node.type === 'Identifier' ? (known.get(node.name) ?? []) : []
}

/** What this file says in a log. */
function linesOf(path: string, text: string): string[] {
  const { program } = parseSync(path, text)
  const known = new Map<string, readonly string[]>()
  const found: string[] = []
  const add = (node: Expression | undefined): void => void found.push(...textsOf(node, known))
  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      if (id.type !== 'Identifier' || init === null) return
      known.set(id.name, [...(known.get(id.name) ?? []), ...textsOf(init, known)])
    },
  }).visit(program)
  new Visitor({
    CallExpression({ callee, arguments: given }) {
      const args = given.filter((one) => one.type !== 'SpreadElement')
      if (callee.type === 'Identifier' && callee.name === 'say') return add(args[2])
      if (callee.type !== 'MemberExpression') return
      const whose = text.slice(callee.object.start, callee.object.end)
      const how =
        callee.computed || (callee.property.type === 'Identifier' && LEVELS.has(callee.property.name))
      if (how && LOG.test(whose)) add(args[0])
    },
    ObjectExpression({ properties }) {
      const own = new Map(
        properties.flatMap((one) =>
          one.type === 'Property' && one.key.type === 'Identifier'
            ? [[one.key.name, one.value] as const]
            : [],
        ),
      )
      const [kind] = textsOf(own.get('kind'), known)
      if (own.has('level') && own.has('message') && (kind ?? 'log') === 'log') add(own.get('message'))
      // Words for a killed neighbour: the level stands where they are told.
      else if (own.has('message') && own.has('fields')) add(own.get('message'))
    },
  }).visit(program)
  return found.filter((line) => /[a-z]{3}/.test(line))
}

const chinese = new Texts('zh')
const missing = (lines: readonly string[]): string[] => lines.filter((line) => chinese.logLine(line) === line)

test('every log line of workers, supervisors and commands is in the catalogue', () => {
  const files = globSync('src/{worker,supervisor,scheduler,toolbox,cli}/**/*.ts', { cwd: ROOT })
  const lines = new Set<string>()
  for (const file of files) {
    // Put together of several texts: tried below with what core decides.
    if (/(\.test|ending-words)\.ts$/.test(file)) continue
    for (const line of linesOf(file, readFileSync(join(ROOT, file), 'utf8'))) lines.add(line)
  }
  assert.ok(lines.size > 60, `only ${lines.size} lines were found: is the log called otherwise now?`)
  assert.deepEqual(missing([...lines]), [])
})

test('a line that is not in the catalogue is seen, however it is said', () => {
  const text = `
    const message = 'new line one'
    log.warn('new line two', {})
    settings.log[level](\`new line \${three}\`)
    this.#log.info(x ? 'worker started' : 'new line four')
    tell({ kind: 'log', level: 'warn', message, fields: {} })
    say('info', 'up', 'new line five')
    return { level: 'warn', message: \`new line \${six} of six\` }
    handler.log(any); console.log('no log of ours')`
  assert.deepEqual(missing(linesOf('x.ts', `function f() {${text}}`)).toSorted(), [
    'new line five',
    'new line four',
    'new line one',
    'new line sample 1',
    'new line sample 1 of six',
    'new line two',
  ])
})

test('so is every line about an ending', () => {
  const error = newError()
  const endings: Ending[] = [
    { kind: 'failed', error, reason: 'failed', delay: null, again: true, warnings: [] },
    { kind: 'failed', error, reason: 'timeout', delay: 0, again: true, warnings: [] },
    { kind: 'fatal', error, reason: 'invalid_result', warnings: [] },
    { kind: 'cancelled' },
    { kind: 'snoozed', delay: 5_000 },
    { kind: 'released', reason: 'drained', delay: 0 },
    { kind: 'released', reason: 'unknown_type', delay: 30_000 },
    { kind: 'crashed', error, warnings: [] },
    { kind: 'orphaned', cause: 'expired', culprit: null },
    { kind: 'overdue' },
  ]
  const lines = endings.flatMap((ending) =>
    [0, 20].flatMap((used) => {
      const counters = { failures: used, crashes: used, losses: used }
      const record = { ...counters, retry: DEFAULT_RETRY, crash: DEFAULT_CRASH, timeout: 1_000 }
      const line = endingLine(record, decide(ending, record, 0))?.message ?? ''
      return [line, `rescued: ${line}`]
    }),
  )
  assert.ok(new Set(lines).size > 20)
  assert.deepEqual(missing(lines), [])
})
