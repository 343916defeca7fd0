// Where the command line writes: one JSON document, or text for people with colours only where they are wanted.
// Promises exactly one document on stdout with --json, the same in every language, that a reader who left early
// (`| head`) is no error, nor a full disk to a verb that runs on, and that text from tasks cannot steer the terminal.
// Leaves what is written to the verbs.

import { styleText } from 'node:util'

import { ENGLISH, Texts, type Language, type MessageKey, type Params } from '../base/messages/messages.ts'
import type { Failure } from './exit-codes.ts'

type Style = Parameters<typeof styleText>[0]

/** The two streams, and what the reader can show. */
export class Output {
  readonly json: boolean
  /** A terminal reads stdout: tables may be coloured, bars may be drawn over themselves. */
  readonly terminal: boolean
  #texts: Texts
  #answered = false
  #gone = false
  readonly #leavers: (() => void)[] = []

  constructor(json: boolean, texts: Texts = ENGLISH) {
    this.json = json
    this.#texts = texts
    this.terminal = process.stdout.isTTY && !json
    // A config or a handler that prints must not spoil the document.
    if (json) console.log = console.info = console.debug = console.error
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (this.#goesOnWithout(stream, error)) return
        if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
        if (this.#gone) return
        this.#gone = true
        for (const leave of this.#leavers) leave()
      })
    }
  }

  /** Calls back when nobody reads any more. Without a callback the rest is written to nowhere. */
  onReaderGone(leave: () => void): void {
    this.#leavers.push(leave)
    if (this.#gone) leave()
  }

  /** The answer of a verb: the document with --json, else the text. Once. */
  answer(document: object, forPeople: () => string): void {
    this.#answered = true
    this.print(this.json ? JSON.stringify(document) : forPeople())
  }

  /** Texts in the reader's language; programs read English. */
  get texts(): Texts {
    return this.json ? ENGLISH : this.#texts
  }

  /** What .env says of the language is known only when it is read. */
  speak(language: Language): void {
    if (language !== this.#texts.language) this.#texts = new Texts(language)
  }

  /** The text of a key in the reader's language. */
  say(key: MessageKey, params: Params = {}): string {
    return this.texts.say(key, params)
  }

  /** A line on stdout. */
  print(text: string): void {
    if (text !== '' && !this.#gone) process.stdout.write(`${text}\n`)
  }

  /** A line beside the answer, for people only. */
  note(text: string): void {
    if (!this.json && !this.#gone) process.stderr.write(`${text}\n`)
  }

  /** With --json on stdout, unless the answer was given already. */
  failure(failure: Failure, trace: string | null): void {
    const { code, message, hint, retry } = failure
    if (this.json && !this.#answered) {
      this.answer({ error: { code, message, hint, retry } }, () => '')
    } else if (!this.#gone) {
      const head = styleText(['red', 'bold'], 'windlass:', { stream: process.stderr })
      const advice = this.texts.hint(code, hint)
      process.stderr.write(
        `${head} ${printable(this.texts.of(message))}\n${advice === '' ? '' : `  ${printable(advice)}\n`}`,
      )
    }
    if (trace !== null && !this.#gone) process.stderr.write(`${trace}\n`)
  }

  /** A disk that is full ends nothing that runs on; an answer that cannot be written whole is a failure. */
  #goesOnWithout(stream: NodeJS.WriteStream, { code }: NodeJS.ErrnoException): boolean {
    const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
    return full && (stream === process.stderr || this.#leavers.length > 0)
  }

  /** Styles text where stdout is a terminal that wants colours (NO_COLOR and FORCE_COLOR are respected). */
  style(style: Style, text: string): string {
    return this.json ? text : styleText(style, text, { stream: process.stdout })
  }

  /** Resolves when everything written has left this process. */
  async flush(): Promise<void> {
    await Promise.all(
      [process.stdout, process.stderr].map(
        (stream) =>
          new Promise<void>((resolve) => {
            if (this.#gone || stream.destroyed) resolve()
            else stream.write('', () => resolve())
          }),
      ),
    )
  }
}

/** Text of strangers without characters that would steer a terminal; line ends and tabs stay. */
export function printable(text: string): string {
  // oxlint's no-control-regex is for slips of the finger: \p{Cc} says it on purpose.
  return text.replaceAll(/\p{Cc}/gu, (sign) =>
    sign === '\n' || sign === '\t' ? sign : `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, ' ').trim())
}
