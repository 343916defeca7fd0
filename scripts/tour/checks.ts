// The list of checks of one tour: each prints a line as it is made and counts; the end says whether all held.

/** Collects what was checked. */
export class Checks {
  #passed = 0
  #failed = 0
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  get failed(): number {
    return this.#failed
  }

  /** Counts one check and prints it with what was seen. */
  check(ok: boolean, what: string): void {
    if (ok) this.#passed++
    else this.#failed++
    this.#print(`  ${ok ? 'ok  ' : 'FAIL'} ${what}`)
  }

  /** The last line. */
  summary(): string {
    const total = this.#passed + this.#failed
    return this.#failed === 0
      ? `tour: ${total} checks passed`
      : `tour: ${this.#failed} of ${total} checks FAILED`
  }
}
