// Loads task types: those that a config holds, and those that the files of its globs export. Two types of one name
// are refused, naming both places; a definition and its own implementation count as one type.

import { globSync } from 'node:fs'
import { relative, resolve } from 'node:path'

import { WindlassError } from '../core/errors.ts'
import type { TaskType } from '../core/task-type.ts'
import { importFile } from './files.ts'
import { isTaskType } from './code-parts.ts'

interface Placed {
  readonly type: TaskType
  /** For people: a file, or "the config". */
  readonly place: string
}

/**
 * The task types by name, in the order of the entries.
 * @param entries task types, and globs of files from `root`
 * @throws WindlassError `duplicate_task_type`, `config_failed` with the cause, `config_invalid` for a glob without files
 */
export async function loadTasks(
  entries: readonly (TaskType | string)[],
  root: string,
): Promise<ReadonlyMap<string, TaskType>> {
  const found = new Map<string, Placed>()
  const seen = new Set<string>()
  for (const entry of entries) {
    if (typeof entry !== 'string') {
      add(found, { type: entry, place: 'the config' })
      continue
    }
    for (const file of filesOf(entry, root)) {
      if (seen.has(file)) continue
      seen.add(file)
      await addFile(found, file, root, entry)
    }
  }
  return new Map([...found].map(([name, { type }]) => [name, type]))
}

function filesOf(glob: string, root: string): string[] {
  const files = globSync(glob, { cwd: root, exclude: ['**/node_modules/**'] })
    .filter((file) => /\.[cm]?[jt]s$/.test(file) && !/\.(d|test|spec)\.[cm]?ts$/.test(file))
    .map((file) => resolve(root, file))
    .toSorted()
  if (files.length > 0) return files
  throw new WindlassError('config_invalid', `tasks: ${JSON.stringify(glob)} matches no file in ${root}`)
}

async function addFile(found: Map<string, Placed>, file: string, root: string, entry: string): Promise<void> {
  const place = relative(root, file) || file
  const exports = Object.entries(await importFile(file))
  let count = 0
  for (const [name, value] of exports) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isTaskType(one)) {
        add(found, { type: one, place })
        count++
      } else if (looksHandMade(one)) {
        throw new WindlassError('config_invalid', `${place}: the export ${name} was not made by defineTask`)
      }
    }
  }
  if (count === 0 && resolve(root, entry) === file)
    throw new WindlassError('config_invalid', `tasks: ${place} exports no task type`)
}

function looksHandMade(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'run' in value &&
    typeof value.run === 'function'
  )
}

function add(found: Map<string, Placed>, next: Placed): void {
  const { name } = next.type
  const known = found.get(name)
  if (known === undefined) {
    found.set(name, next)
    return
  }
  if (known.type === next.type) return
  // `implement` copies a definition, and with it this very object.
  const related = known.type.keep === next.type.keep
  if (related && next.type.run === null) return
  if (related && known.type.run === null) {
    found.set(name, next)
    return
  }
  throw new WindlassError(
    'duplicate_task_type',
    `the task type ${JSON.stringify(name)} is defined twice: in ${known.place} and in ${next.place}`,
    { detail: { type: name, places: [known.place, next.place] } },
  )
}
