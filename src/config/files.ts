// Finds and reads config files: `--config`, WINDLASS_CONFIG, else the nearest windlass.config.* here or above, and
// the seeds' config/<NODE_ENV>.yaml; and the .env beside it. Answers objects; what they mean is settings.ts.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv } from 'node:util'

import { distance } from 'fastest-levenshtein'

import { WindlassError } from '../core/errors.ts'
import { CONFIG_KEYS, SEED_SECTIONS } from './shape.ts'

const NAMES = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map((ending) => `windlass.config.${ending}`)

export interface ConfigPlace {
  readonly file: string
  /** Folder that relative paths start from: the file's, or the one above `config/`. */
  readonly root: string
  /** A file of the seeds' kind, which other programs may share. */
  readonly shared: boolean
}

/** How the search is told what to look for. */
export interface Search {
  /** `--config`. */
  readonly config?: string | null
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * The config file that counts, or null when there is none.
 * @throws WindlassError `config_not_found` for a file that was named and is not there
 */
export function findConfig(search: Search): ConfigPlace | null {
  const named = search.config ?? (search.env['WINDLASS_CONFIG']?.trim() || null)
  if (named !== null) {
    const file = resolve(search.cwd, named)
    if (isFile(file)) return placeOf(file)
    throw new WindlassError('config_not_found', `there is no config file ${file}`)
  }
  const shared = ['yaml', 'yml'].map((ending) =>
    join('config', `${search.env['NODE_ENV'] || 'development'}.${ending}`),
  )
  for (let folder = resolve(search.cwd); ; folder = dirname(folder)) {
    const name = [...NAMES, ...shared].find((one) => isFile(join(folder, one)))
    if (name !== undefined) return { file: join(folder, name), root: folder, shared: shared.includes(name) }
    if (dirname(folder) === folder) return null
  }
}

function placeOf(file: string): ConfigPlace {
  const folder = dirname(file)
  const shared = basename(folder) === 'config' && !basename(file).startsWith('windlass.') && isPlain(file)
  return { file, root: shared ? dirname(folder) : folder, shared }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isPlain(file: string): boolean {
  return ['.yaml', '.yml', '.json'].includes(extname(file))
}

/** A config as it was read, with what a bare number in it counts. */
export interface ReadConfig {
  readonly value: object
  readonly unit: 1 | 1_000
  /** Top-level keys of a shared file that belong to other programs. */
  readonly foreign: readonly string[]
}

/**
 * Reads a config file; a module is imported.
 * @throws WindlassError `config_invalid`, or `config_failed` with the cause when the module throws
 */
export async function readConfig(place: ConfigPlace): Promise<ReadConfig> {
  if (!isPlain(place.file)) return { value: await importConfig(place.file), unit: 1, foreign: [] }
  const value = camelKeys(await parsePlain(place.file))
  const foreign = place.shared ? Object.keys(value).filter(isForeign) : []
  return {
    value: Object.fromEntries(Object.entries(value).filter(([key]) => !foreign.includes(key))),
    unit: 1_000,
    foreign,
  }
}

async function parsePlain(file: string): Promise<object> {
  // Where the config is a module, the parser would only take memory: 3 MB of each worker.
  const { parse } = await import('yaml')
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8')) ?? {}
  } catch (cause) {
    throw new WindlassError('config_invalid', `${file}: ${messageOf(cause)}`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new WindlassError('config_invalid', `${file} holds no object`)
}

/**
 * A long word but one letter away from one of ours is a misspelt one, whoever shares the file; `app` is not `api`.
 */
function isForeign(key: string): boolean {
  const known = [...Object.keys(CONFIG_KEYS), ...SEED_SECTIONS]
  return !known.includes(key) && (key.length < 5 || known.every((one) => distance(key, one) > 1))
}

/** `max_shutdown_wait` and `max-shutdown-wait` are spellings of `maxShutdownWait`, two levels deep; deeper keys are names. */
function camelKeys(value: object, depth = 2): object {
  const entries = Object.entries(value).map(([key, member]: [string, unknown]) => {
    const inner = depth > 1 && typeof member === 'object' && member !== null && !Array.isArray(member)
    return [
      camel(key),
      inner && CONFIG_KEYS_WITH_NAMES.every((one) => one !== key) ? camelKeys(member, depth - 1) : member,
    ]
  })
  return Object.fromEntries(entries) as object
}

const CONFIG_KEYS_WITH_NAMES = ['queues', 'schedules', 'endpoints']

function camel(key: string): string {
  return key.replace(/[_-]([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

async function importConfig(file: string): Promise<object> {
  const module = await importFile(file)
  const value = module['default'] ?? module['config']
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new WindlassError('config_invalid', `${file} has no config as its default export`, {
    hint: 'Write: export default defineConfig({ … })',
  })
}

/**
 * Imports a module of the user.
 * @throws WindlassError `config_failed` with the cause
 */
export async function importFile(file: string): Promise<Record<string, unknown>> {
  useThisCopy()
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    throw new WindlassError('config_failed', `${file} could not be loaded: ${messageOf(cause)}`, { cause })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Files that the running program loads for its user mean the running copy when they import `windlass`, whether the
 * project has one of its own, an other one, or none.
 */
function useThisCopy(): void {
  if (copyIsUsed) return
  copyIsUsed = true
  const ending = extname(import.meta.url)
  const door = new URL(`../index${ending}`, import.meta.url).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'windlass' ? { url: door, shortCircuit: true } : next(specifier, context),
  })
}

let copyIsUsed = false

/** The variables of the `.env` in a folder; null: there is none. */
export function readDotenv(
  folder: string,
): { readonly file: string; readonly variables: NodeJS.ProcessEnv } | null {
  const file = join(folder, '.env')
  if (!existsSync(file)) return null
  try {
    return { file, variables: parseEnv(readFileSync(file, 'utf8')) }
  } catch (cause) {
    throw new WindlassError('config_invalid', `${file} could not be read: ${messageOf(cause)}`, { cause })
  }
}

/** Lets handlers see what `.env` says; what is set already stays. */
export function applyDotenv(dotenv: ReturnType<typeof readDotenv>, env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(dotenv?.variables ?? {})) env[name] ??= value
}
