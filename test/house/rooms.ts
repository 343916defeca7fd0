/**
 * The map of the house: which room a file is in, and which rooms each room may import.
 *
 * Owns the arrows of ARCHITECTURE.md as data. A room that is not on the map is a violation, so a new part
 * has to be drawn here first. Leaves reading files and telling about violations to others.
 */

const RUNNING = ['client', 'worker', 'scheduler', 'push', 'toolbox'] as const
const FACES = ['server', 'supervisor'] as const
const ENGINES = ['engines', 'engines/memory', 'engines/sqlite', 'engines/postgres', 'engines/mysql'] as const
const MORE_ENGINES = ['engines/redis', 'engines/rabbitmq', 'engines/sql'] as const
const BELOW = ['core', 'base'] as const

/** What a room may import besides itself. `engines` is the shelf that opens any of them: engines/open.ts. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  base: ['core'],
  config: BELOW,
  engines: [...BELOW, ...ENGINES, ...MORE_ENGINES],
  'engines/memory': BELOW,
  'engines/sql': BELOW,
  'engines/sqlite': [...BELOW, 'engines/sql'],
  'engines/postgres': [...BELOW, 'engines/sql'],
  'engines/mysql': [...BELOW, 'engines/sql'],
  'engines/redis': BELOW,
  'engines/rabbitmq': BELOW,
  client: [...BELOW, 'engines'],
  worker: [...BELOW, 'engines', 'config'],
  scheduler: [...BELOW, 'engines'],
  push: [...BELOW, 'engines'],
  toolbox: [...BELOW, 'engines'],
  server: [...BELOW, 'engines', ...RUNNING],
  supervisor: [...BELOW, 'engines', 'config', ...RUNNING],
  front: [...BELOW, 'engines', 'config', 'client', 'worker', 'scheduler', 'toolbox'],
  cli: [...BELOW, ...ENGINES, ...MORE_ENGINES, 'config', ...RUNNING, ...FACES, 'front'],
  testing: [...BELOW, 'engines/memory'],
  dashboard: [],
}

const FRONT_DOOR = new Set(['src/index.ts', 'src/windlass.ts'])

/** A unit test stands beside its file and may use the kit and the executable specification as well. */
const FOR_UNIT_TESTS = new Set(['testing', 'engines/memory'])

export function isTest(file: string): boolean {
  return file.endsWith('.test.ts')
}

/** The room of a file, or undefined where the arrows do not reach (test, bench, scripts). */
export function roomOf(file: string): string | undefined {
  if (FRONT_DOOR.has(file)) return 'front'
  const [top, room, inner, ...rest] = file.split('/')
  if (top === 'dashboard') return 'dashboard'
  if (top !== 'src' || room === undefined) return undefined
  return room === 'engines' && inner !== undefined && rest.length > 0 ? `engines/${inner}` : room
}

export function isKnownRoom(room: string): boolean {
  return Object.hasOwn(ARROWS, room)
}

export function mayImport(file: string, room: string, target: string): boolean {
  if (room === target || ARROWS[room]?.includes(target) === true) return true
  return isTest(file) && room !== 'dashboard' && FOR_UNIT_TESTS.has(target)
}
