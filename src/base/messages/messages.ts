// What people read, in their language: one catalogue of keys, English and Chinese side by side, and the choice between
// them. Texts that are made elsewhere (log lines, help, findings) are recognised by their English form and told in the
// other language. Promises that a text without a translation stays as it is. Nothing for programs goes through here.

import { en } from './en.ts'
import { HINTS_ZH, REASONS_ZH } from './tables-zh.ts'
import { zh } from './zh.ts'
import { ERROR_CODES, type ErrorCode } from '../../core/errors.ts'
import type { ReasonEntry } from '../../core/reasons.ts'
import { REASONS } from '../../core/reasons.ts'
import type { Reason } from '../../core/record.ts'

export type Language = 'en' | 'zh'
export type MessageKey = keyof typeof en
export type Params = Readonly<Record<string, string | number>>

/** `{name}` takes a value as it is; `{$name}` takes one that is a text of the catalogue itself. */
export const PLACEHOLDER = /\{(\$?[a-z_]+)\}/g
const DEEPEST = 3
/** Texts that are said in English where they are made, and recognised where they are shown. */
export const MADE_ELSEWHERE = /^(help|log|up|note|why|doctor|error)\./
const LOG = /^(log|up|note)\./

/** The language of the first source that names one: the option, WINDLASS_LANG, LANG. `zh*` is Chinese. */
export function chooseLanguage(option: string | null, env: NodeJS.ProcessEnv): Language {
  const said = [option, env['WINDLASS_LANG'], env['LANG']].find(
    (one) => one !== undefined && one !== null && one !== '',
  )
  return said?.toLowerCase().startsWith('zh') === true ? 'zh' : 'en'
}

/** The texts of one language. */
export class Texts {
  readonly language: Language
  #all: Known | null = null
  #log: Known | null = null

  constructor(language: Language) {
    this.language = language
  }

  /** The text of a key. */
  say(key: MessageKey, params: Params = {}): string {
    return fill(this.language === 'zh' ? zh[key] : en[key], (name) => {
      const value = String(params[name.replace('$', '')] ?? '')
      return name.startsWith('$') ? this.of(value) : value
    })
  }

  /** An English text in this language; as it is where the catalogue does not know it. */
  of(english: string): string {
    if (this.language === 'en') return english
    this.#all ??= readCatalogue(MADE_ELSEWHERE)
    return translate(english, this.#all, 0)
  }

  /** The same for the message of a log line, which may be a handler's own: only what logs say is recognised. */
  logLine(message: string): string {
    if (this.language === 'en') return message
    this.#log ??= readCatalogue(LOG)
    return translate(message, this.#log, 0)
  }

  /** What to do about an error: the table's hint in this language, a hint of its own as it is known. */
  hint(code: string, hint: string): string {
    if (this.language === 'en' || !isCode(code) || hint !== ERROR_CODES[code].hint) return this.of(hint)
    return HINTS_ZH[code] ?? hint
  }

  /** Meaning of a reason, and what to do. */
  reason(reason: Reason): ReasonEntry {
    const entry = this.language === 'zh' ? REASONS_ZH[reason] : undefined
    return entry ?? REASONS[reason]
  }
}

interface Known {
  readonly exact: ReadonlyMap<string, string>
  readonly patterns: readonly { readonly pattern: RegExp; readonly text: string }[]
}

function readCatalogue(wanted: RegExp): Known {
  const exact = new Map<string, string>()
  const patterns: { pattern: RegExp; text: string }[] = []
  for (const [key, text] of Object.entries(en) as [MessageKey, string][]) {
    if (!wanted.test(key)) continue
    if (text.search(PLACEHOLDER) === -1) exact.set(text, zh[key])
    // A text that is nearly all placeholder would recognise anything.
    else if (/\w{2}/.test(text.replaceAll(PLACEHOLDER, '')))
      patterns.push({ pattern: patternOf(text), text: zh[key] })
  }
  return { exact, patterns }
}

function translate(english: string, known: Known, depth: number): string {
  if (depth > DEEPEST) return english
  const exact = known.exact.get(english)
  if (exact !== undefined) return exact
  for (const { pattern, text } of known.patterns) {
    const found = pattern.exec(english)?.groups
    if (found === undefined) continue
    return fill(text, (name) => {
      const nested = name.startsWith('$')
      const value = found[nested ? `${name.slice(1)}_` : name] ?? ''
      return nested ? translate(value, known, depth + 1) : value
    })
  }
  return english
}

function patternOf(text: string): RegExp {
  const parts = text.split(/\{(\$?[a-z_]+)\}/)
  const source = parts.map((part, i) => {
    if (i % 2 === 0) return RegExp.escape(part)
    return `(?<${part.startsWith('$') ? `${part.slice(1)}_` : part}>.*?)`
  })
  return new RegExp(`^${source.join('')}$`, 's')
}

function fill(text: string, valueOf: (name: string) => string): string {
  return text.replaceAll(PLACEHOLDER, (_, name: string) => valueOf(name))
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}

/** English, for programs and wherever no language was chosen. */
export const ENGLISH = new Texts('en')
