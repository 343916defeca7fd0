// Loads a config from where a process stands: finds the file, reads .env beside it, imports or parses it, resolves
// the settings. Task code is imported only by loadTasks (tasks.ts), which callers leave out for verbs that only look.

import { applyDotenv, findConfig, readConfig, readDotenv, type ReadConfig } from './files.ts'
import { withSecretFiles } from './secret-files.ts'
import { resolveSettings, type Settings } from './settings.ts'
import { folderOf } from './shape.ts'

export interface LoadOptions {
  /** Path of the config file; else WINDLASS_CONFIG, else the nearest one here or above. */
  readonly config?: string | null
  /** Options of a command line by dotted path (`engine`, `worker.concurrency`); bare numbers are seconds. */
  readonly flags?: Readonly<Record<string, unknown>>
  /** Default the process's folder. */
  readonly cwd?: string
  /** Read, and filled with what `.env` adds. Default the process's environment. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Finds, reads and resolves the config. `.env` values are added to `env` first, so that a config module sees them.
 * @throws WindlassError `config_not_found`, `config_invalid`, `config_failed`, `engine_url_invalid`
 */
export async function loadSettings(options: LoadOptions = {}): Promise<Settings> {
  const env = options.env ?? process.env
  const cwd = options.cwd ?? process.cwd()
  const before = withSecretFiles(env)
  const place = findConfig({ config: options.config ?? null, cwd, env })
  const root = place?.root ?? cwd
  const dotenv = readDotenv(root)
  applyDotenv(dotenv, env)
  const read = place === null ? null : await readConfig(place)
  const settings = resolveSettings({
    ...(options.flags === undefined ? {} : { flags: options.flags }),
    env: before,
    dotenv,
    config: place === null || read === null ? null : { value: read.value, name: place.file, unit: read.unit },
    file: place?.file ?? null,
    root,
  })
  return { ...settings, notes: [...settings.notes, ...foreignNote(read, place?.file ?? '')] }
}

function foreignNote(read: ReadConfig | null, file: string): string[] {
  if (read === null || read.foreign.length === 0) return []
  return [`${file}: left to other programs: ${read.foreign.slice(0, 20).join(', ')}`]
}

/**
 * The settings of a config object, for programs that import their config: relative paths start from the folder that
 * defineConfig remembered, else from that of the nearest config file, else from the process's folder. `.env` is read
 * for the settings, and left out of the environment.
 * @throws WindlassError `config_invalid`, `engine_url_invalid`
 */
export function settingsOf(config: object, options: Omit<LoadOptions, 'config'> = {}): Settings {
  const env = options.env ?? process.env
  const cwd = options.cwd ?? process.cwd()
  const root = folderOf(config) ?? findConfig({ cwd, env: {} })?.root ?? cwd
  return resolveSettings({
    ...(options.flags === undefined ? {} : { flags: options.flags }),
    env: withSecretFiles(env),
    dotenv: readDotenv(root),
    config: { value: config, name: 'config', unit: 1 },
    file: null,
    root,
  })
}

/** Adds what `.env` in the settings' folder says to an environment, for handlers that run in this process. */
export function applyEnvironment(settings: Settings, env: NodeJS.ProcessEnv = process.env): void {
  applyDotenv(readDotenv(settings.root), env)
}
