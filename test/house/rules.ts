/**
 * The rules of the house, as a pure function from files to violations.
 *
 * Owns what DESIGN calls enforced: arrows point down, no cycle, nobody inside goes through an index.ts, no
 * file over 400 lines, no function over 60, no drawer names. There is no list of exemptions and no comment
 * that switches a rule off. Leaves the arrows to rooms.ts and reading files to facts.ts.
 */
import { basename } from 'node:path/posix'
import { findCycles } from './cycles.ts'
import { countLines, readFacts, type Facts, type Import } from './facts.ts'
import { isKnownRoom, isTest, mayImport, roomOf } from './rooms.ts'

const MAX_FILE_LINES = 400
const MAX_FUNCTION_LINES = 60

export type Rule =
  | 'arrow'
  | 'room'
  | 'lazy'
  | 'test'
  | 'pure'
  | 'cycle'
  | 'index'
  | 'file-lines'
  | 'function-lines'
  | 'name'

export interface Violation {
  readonly rule: Rule
  readonly file: string
  readonly says: string
}

const SCRIPT = /\.[cm]?[jt]sx?$/
const DRAWER_NAMES = new Set(['utils', 'util', 'helpers', 'helper', 'manager', 'misc', 'common'])

/** Words and pure rules need none of these; with one of them core would do I/O, keep time or own a process. */
const NOT_IN_CORE = new Set(
  ['child_process', 'cluster', 'dgram', 'dns', 'fs', 'fs/promises', 'http', 'http2', 'https', 'net', 'os']
    .concat(['process', 'readline', 'sqlite', 'timers', 'timers/promises', 'tls', 'worker_threads'])
    .map((name) => `node:${name}`),
)

/** `files` maps paths from the root of the repository, with slashes, to their text. */
export function checkHouse(files: ReadonlyMap<string, string>): Violation[] {
  const facts = new Map<string, Facts>()
  for (const [file, text] of files) if (SCRIPT.test(file)) facts.set(file, readFacts(file, text))
  return [
    ...[...files].flatMap(([file, text]) => [...checkLength(file, text), ...checkName(file)]),
    ...[...facts].flatMap(([file, known]) => [
      ...checkFunctions(file, known),
      ...checkRoom(file),
      ...known.imports.flatMap((one) => checkImport(file, one)),
    ]),
    ...checkCycles(facts),
  ]
}

function checkLength(file: string, text: string): Violation[] {
  const lines = countLines(text)
  if (lines <= MAX_FILE_LINES) return []
  return [{ rule: 'file-lines', file, says: `${lines} lines, ${MAX_FILE_LINES} are allowed` }]
}

function checkName(file: string): Violation[] {
  const [name = ''] = basename(file).split('.')
  return DRAWER_NAMES.has(name)
    ? [{ rule: 'name', file, says: `"${name}" says nothing about what it owns` }]
    : []
}

function checkFunctions(file: string, { functions }: Facts): Violation[] {
  return functions
    .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
    .map(({ line, lines }) => ({
      rule: 'function-lines',
      file,
      says: `the function at line ${line} has ${lines} lines, ${MAX_FUNCTION_LINES} are allowed`,
    }))
}

function checkRoom(file: string): Violation[] {
  const room = roomOf(file)
  if (room === undefined || isKnownRoom(room)) return []
  return [{ rule: 'room', file, says: `"${room}" is not on the map in test/house/rooms.ts` }]
}

function checkImport(file: string, one: Import): Violation[] {
  const tell = (rule: Rule, says: string): Violation => ({ rule, file, says: `line ${one.line}: ${says}` })
  const room = roomOf(file)
  const found: Violation[] = []
  if (room === 'core' && !isTest(file) && NOT_IN_CORE.has(one.specifier)) {
    found.push(tell('pure', `core has no I/O, no timers and no process, so no ${one.specifier}`))
  }
  if (one.file === undefined) return found
  const target = roomOf(one.file)
  if (isTest(one.file)) found.push(tell('test', `${one.file} is a test`))
  if (room === undefined) return found
  if (file.startsWith('src/') && basename(one.file) === 'index.ts') {
    found.push(tell('index', `${one.specifier} is a door for outsiders; import the file that owns the name`))
  }
  if (target === undefined || !mayImport(file, room, target)) {
    found.push(tell('arrow', `${room} must not import ${target ?? one.file} (${one.specifier})`))
  }
  if (room === 'engines' && target?.startsWith('engines/') === true && one.kind === 'static') {
    found.push(tell('lazy', `open engines with import(), so that nobody loads a driver they do not use`))
  }
  return found
}

function checkCycles(facts: ReadonlyMap<string, Facts>): Violation[] {
  const graph = new Map(
    [...facts].map(([file, { imports }]) => [file, imports.flatMap((one) => one.file ?? [])] as const),
  )
  return findCycles(graph).map((path) => ({ rule: 'cycle', file: path[0] ?? '', says: path.join(' → ') }))
}
