// What a config says of alerts and upkeep: every key known, every threshold checked, defaults filled in. What the rules
// mean is src/toolbox.

import { DEFAULT_RULES, UPKEEP_EVERY, type AlertRules, type AlertTargets } from '../core/alert-rules.ts'
import { parseDuration, show, type Duration } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys } from '../core/keys.ts'
import type { Field, Picker } from './origin.ts'

/** Thresholds, each of which may be false: switched off. */
export interface AlertsConfig {
  /** How often is checked. 1 s at least, default 30 s. */
  readonly every?: Duration
  /** How long something must be wrong until it fires, and right until it is resolved. Default 1 min. */
  readonly for?: Duration
  /** Tells again what still fires after this long. Default: never. */
  readonly repeat?: Duration | false
  /** Of the tasks that ended within `window` (15 min), `least` (20) at least: fires `below` (0.95). */
  readonly successRate?:
    | boolean
    | { readonly below?: number; readonly window?: Duration; readonly least?: number }
  /** Dead tasks. Default above 100. */
  readonly dead?: boolean | { readonly above?: number }
  /** Ready tasks, of `queues` or of all. Default above 1,000. */
  readonly backlog?: boolean | { readonly above?: number; readonly queues?: readonly string[] }
  /** Live workers, default below 1; and workers that died within `died`, default 5 min. */
  readonly workers?: boolean | { readonly below?: number; readonly died?: Duration | false }
  /** Ready tasks in queues that no worker takes from. Default true. */
  readonly unserved?: boolean
  /** Age of the ready task that has waited longest, such as `{ above: '1h' }`. Default off. */
  readonly waiting?: false | { readonly above: Duration }
  /** Tasks that run although their worker is gone or their time is over. Default true. */
  readonly stuck?: boolean
  /** Where alerts go. Default: the log. */
  readonly to?: { readonly log?: boolean; readonly command?: string; readonly webhook?: string }
}

export interface UpkeepConfig {
  /** 1 s at least, default 1 min. */
  readonly every?: Duration
}

/** As it is used: thresholds, and where alerts go. */
export interface AlertSettings {
  readonly rules: AlertRules
  readonly to: AlertTargets
}

const KEYS = [
  'every',
  'for',
  'repeat',
  'successRate',
  'dead',
  'backlog',
  'workers',
  'unserved',
  'waiting',
  'stuck',
  'to',
] as const satisfies (keyof AlertsConfig)[]

const SECOND = 1_000
const MINUTE = 60 * SECOND
const MOST = 1_000_000_000
type Unit = 1 | 1_000
type Section = Readonly<Record<string, unknown>>

type TargetParts = Pick<AlertTargets, 'folder' | 'webhook'>

/** Where alerts are posted. Never repeated in a message: it may be a secret. */
const WEBHOOK: Field<string> = {
  keys: ['alerts.to.webhook'],
  env: ['ALERT_WEBHOOK_URL'],
  secret: 'all',
  read: (value, _unit, at) => {
    const url = typeof value === 'string' ? URL.parse(value) : null
    if (url === null || !/^https?:$/.test(url.protocol))
      throw new WindlassError('config_invalid', `${at} is an address that begins with http: or https:`)
    if (url.username !== '' || url.password !== '')
      throw new WindlassError('config_invalid', `${at} must not hold a user or a password`)
    return url.href
  },
}

/** The folder of the config, and the webhook that config or environment say. @throws WindlassError `config_invalid` */
export function pickTarget(picker: Picker, folder: string): TargetParts {
  return { folder, webhook: picker.pick(WEBHOOK, null) }
}

/**
 * The alerts; null: switched off.
 * @param where how the config is called for people
 * @param from the folder of the config, and the address of the webhook, which the environment may say, too
 * @throws WindlassError `config_invalid` that names the key
 */
export function readAlerts(
  value: unknown,
  where: string,
  unit: Unit,
  from: TargetParts,
): AlertSettings | null {
  if (value === false) return null
  const at = where === '' ? 'alerts' : `${where}: alerts`
  const said = sectionOf(value, KEYS, at) ?? {}
  const d = DEFAULT_RULES
  const rules: AlertRules = {
    every: span(said['every'], `${at}.every`, unit, SECOND) ?? d.every,
    for: span(said['for'], `${at}.for`, unit, 0) ?? d.for,
    repeat: said['repeat'] === false ? null : span(said['repeat'], `${at}.repeat`, unit, MINUTE),
    successRate: readRate(said['successRate'], `${at}.successRate`, unit),
    dead: readDead(said['dead'], `${at}.dead`),
    backlog: readBacklog(said['backlog'], `${at}.backlog`),
    workers: readWorkers(said['workers'], `${at}.workers`, unit),
    unserved: flag(said['unserved'], `${at}.unserved`) ?? d.unserved,
    waiting: readWaiting(said['waiting'], `${at}.waiting`, unit),
    stuck: flag(said['stuck'], `${at}.stuck`) ?? d.stuck,
  }
  return { rules, to: readTargets(said['to'], `${at}.to`, from) }
}

/**
 * How often the upkeep runs, in ms; null: switched off.
 * @throws WindlassError `config_invalid`
 */
export function readUpkeep(value: unknown, where: string, unit: Unit): { readonly every: number } | null {
  if (value === false) return null
  const at = where === '' ? 'upkeep' : `${where}: upkeep`
  const said = sectionOf(value, ['every'], at) ?? {}
  return { every: span(said['every'], `${at}.every`, unit, SECOND) ?? UPKEEP_EVERY }
}

function readRate(value: unknown, at: string, unit: Unit): AlertRules['successRate'] {
  if (value === false) return null
  const said = sectionOf(value, ['below', 'window', 'least'], at) ?? {}
  const d = { below: 0.95, window: 15 * MINUTE, least: 20, ...DEFAULT_RULES.successRate }
  return {
    below: number(said['below'], `${at}.below`, { from: 0, to: 1, whole: false }) ?? d.below,
    window: span(said['window'], `${at}.window`, unit, MINUTE) ?? d.window,
    least: count(said['least'], `${at}.least`, 1) ?? d.least,
  }
}

function readDead(value: unknown, at: string): AlertRules['dead'] {
  if (value === false) return null
  const said = sectionOf(value, ['above'], at) ?? {}
  const above = count(said['above'], `${at}.above`, 0)
  return above === null ? DEFAULT_RULES.dead : { above }
}

function readBacklog(value: unknown, at: string): AlertRules['backlog'] {
  if (value === false) return null
  const said = sectionOf(value, ['above', 'queues'], at) ?? {}
  const above = count(said['above'], `${at}.above`, 0) ?? DEFAULT_RULES.backlog?.above ?? 0
  const queues: unknown = said['queues'] ?? null
  if (queues === null) return { above, queues: null }
  if (Array.isArray(queues) && queues.length > 0 && queues.every((one) => typeof one === 'string'))
    return { above, queues }
  return refuse(`${at}.queues`, 'a list of queues', queues)
}

function readWorkers(value: unknown, at: string, unit: Unit): AlertRules['workers'] {
  if (value === false) return null
  const said = sectionOf(value, ['below', 'died'], at) ?? {}
  const d = { below: 1, died: null, ...DEFAULT_RULES.workers }
  return {
    below: count(said['below'], `${at}.below`, 0) ?? d.below,
    // What is known of dead sessions goes back an hour.
    died:
      said['died'] === false ? null : (span(said['died'], `${at}.died`, unit, SECOND, 3_600_000) ?? d.died),
  }
}

function readWaiting(value: unknown, at: string, unit: Unit): AlertRules['waiting'] {
  if (value === false || value === undefined || value === null) return null
  const said = sectionOf(value, ['above'], at) ?? {}
  const above = span(said['above'], `${at}.above`, unit, SECOND)
  return above === null ? refuse(`${at}.above`, 'a duration', said['above']) : { above }
}

function readTargets(value: unknown, at: string, from: TargetParts): AlertTargets {
  const said = sectionOf(value, ['log', 'command', 'webhook'], at) ?? {}
  return {
    log: flag(said['log'], `${at}.log`) ?? true,
    command: readCommand(said['command'] ?? null, `${at}.command`),
    ...from,
  }
}

function readCommand(value: unknown, at: string): string | null {
  if (value === null || (typeof value === 'string' && value.trim() !== '')) return value
  return refuse(at, 'a command for the shell', typeof value)
}

/** An object with known keys; null: nothing is said, or true. */
function sectionOf(value: unknown, keys: readonly string[], at: string): Section | null {
  if (value === undefined || value === null || value === true) return null
  checkKeys(value, keys, at, 'config_invalid')
  return value as Section
}

function flag(value: unknown, at: string): boolean | null {
  if (value === undefined || value === null) return null
  return typeof value === 'boolean' ? value : refuse(at, 'true or false', value)
}

function span(value: unknown, at: string, unit: Unit, least: number, most = Number.POSITIVE_INFINITY) {
  if (value === undefined || value === null) return null
  const ms = invalid(() => parseDuration(value, at, unit))
  if (ms >= least && ms <= most) return ms
  return refuse(
    at,
    most === Number.POSITIVE_INFINITY ? `at least ${least} ms` : `${least} to ${most} ms`,
    value,
  )
}

function count(value: unknown, at: string, from: number): number | null {
  return number(value, at, { from, to: MOST, whole: true })
}

interface Bounds {
  readonly from: number
  readonly to: number
  readonly whole: boolean
}

function number(value: unknown, at: string, { from, to, whole }: Bounds): number | null {
  if (value === undefined || value === null) return null
  const fits =
    typeof value === 'number' && value >= from && value <= to && (!whole || Number.isInteger(value))
  return fits ? value : refuse(at, `a${whole ? ' whole' : ''} number from ${from} to ${to}`, value)
}

function invalid<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof WindlassError)) throw cause
    throw new WindlassError('config_invalid', cause.message, { cause, hint: cause.hint })
  }
}

function refuse(at: string, wants: string, value: unknown): never {
  throw new WindlassError('config_invalid', `${at} is ${wants}, not ${show(value)}`)
}
