// Where values come from: flags, environment, .env, the config file, defaults, in this order. A field is one value
// with its names in each of them; picking it answers the value and remembers its origin for `windlass config`.
// What fields there are is settings.ts; this file knows no name of any.

import { WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'

/** Reads a raw value. `unit`: milliseconds that a bare number counts. Throws a sentence fit for "<name> <sentence>". */
export type Reader<T> = (raw: unknown, unit: 1 | 1_000, name: string) => T

export interface Field<T> {
  /** Dotted path in the config: `worker.concurrency`. Further ones are spellings of the seeds. */
  readonly keys: readonly string[]
  /** Names in the environment, the first that is set counts. */
  readonly env: readonly string[]
  readonly read: Reader<T>
  /** What the number counts. */
  readonly unit?: 'ms'
  /** `all`: never shown. `url`: shown without its password. */
  readonly secret?: 'all' | 'url'
}

/** One place where values are looked for. */
export interface Layer {
  /** For people: `flag`, `environment`, `/app/.env`, `/app/windlass.config.ts`. */
  readonly name: string
  readonly unit: 1 | 1_000
  find(field: Field<unknown>): { readonly name: string; readonly raw: unknown } | null
}

/** A value as `windlass config` tells it: secrets masked. */
export interface Origin {
  readonly key: string
  readonly value: unknown
  /** `ms` for lengths of time. */
  readonly unit: 'ms' | null
  readonly origin: string
}

/** Options of the command line, by dotted path. */
export function flagLayer(flags: Readonly<Record<string, unknown>>): Layer {
  return {
    name: 'flag',
    unit: 1_000,
    find: (field) => {
      const key = field.keys.find((one) => flags[one] !== undefined)
      return key === undefined ? null : { name: `the flag for ${key}`, raw: flags[key] }
    },
  }
}

/** Variables; an empty one counts as not set, as compose files leave them. */
export function environmentLayer(name: string, variables: NodeJS.ProcessEnv): Layer {
  return {
    name,
    unit: 1_000,
    find: (field) => {
      const variable = field.env.find((one) => (variables[one] ?? '').trim() !== '')
      return variable === undefined ? null : { name: variable, raw: variables[variable]?.trim() }
    },
  }
}

/** The config object; `unit` 1 for TypeScript, 1000 for YAML. */
export function objectLayer(name: string, config: object, unit: 1 | 1_000): Layer {
  return {
    name,
    unit,
    find: (field) => {
      for (const key of field.keys) {
        const raw = dig(config, key)
        if (raw !== undefined && raw !== null) return { name: key, raw }
      }
      return null
    },
  }
}

function dig(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (Reflect.get(inner, key) as unknown)
          : undefined,
      value,
    )
}

export interface Found<T> {
  readonly value: T
  /** The variable or key by which it was found. */
  readonly name: string
  readonly layer: string
  /** 0 for the layer that is looked at first. */
  readonly rank: number
}

/** Looks fields up, layer by layer. */
export class Picker {
  readonly #layers: readonly Layer[]
  readonly #origins: Origin[] = []

  constructor(layers: readonly Layer[]) {
    this.#layers = layers
  }

  get origins(): readonly Origin[] {
    return this.#origins
  }

  /**
   * The first value found, or null.
   * @throws WindlassError `config_invalid` that names the value and its place
   */
  find<T>(field: Field<T>): Found<T> | null {
    for (const [rank, layer] of this.#layers.entries()) {
      const found = layer.find(field)
      if (found === null) continue
      return { value: read(field, found, layer), name: found.name, layer: layer.name, rank }
    }
    return null
  }

  /** The first value found, else the fallback; the origin is remembered. */
  pick<T, F>(field: Field<T>, fallback: F): T | F {
    const found = this.find(field)
    this.remember(field, found === null ? fallback : found.value, found)
    return found === null ? fallback : found.value
  }

  /** Adds to what `windlass config` shows. */
  remember(field: Field<never> | Field<unknown>, value: unknown, found: Found<unknown> | null): void {
    const key = field.keys[0] ?? ''
    this.#origins.push({
      key,
      value: mask(value, field.secret),
      unit: field.unit ?? null,
      origin: originText(found, key),
    })
  }
}

function originText(found: Found<unknown> | null, key: string): string {
  if (found === null) return 'default'
  return found.name === key || found.layer === 'flag' ? found.layer : `${found.name} (${found.layer})`
}

function read<T>(field: Field<T>, found: { name: string; raw: unknown }, layer: Layer): T {
  try {
    return field.read(found.raw, layer.unit, found.name)
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error
    throw new WindlassError('config_invalid', `${error.message} (${layer.name})`, {
      cause: error,
      hint: error.hint,
      detail: { ...error.detail, key: found.name, origin: layer.name },
    })
  }
}

function mask(value: unknown, secret: Field<unknown>['secret']): unknown {
  if (value === null || secret === undefined) return value
  if (secret === 'url') return typeof value === 'string' ? maskSecrets(value) : '***'
  return Array.isArray(value) ? value.map(() => '***') : '***'
}
