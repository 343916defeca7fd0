/**
 * Which engines this machine could not prove.
 *
 * Owns the sentence for each engine whose tests did not run, with the command that mends it. Memory and
 * SQLite need nothing but Node, so they always run; an engine that needs a server answers here.
 */
export interface Unproven {
  readonly engine: string
  readonly why: string
  readonly mend: string
}

/** Asked after the tests have run; an engine that was proven is absent. */
const QUESTIONS: readonly (() => Unproven | undefined)[] = []

export function unprovenEngines(): string[] {
  return QUESTIONS.flatMap((ask) => {
    const answer = ask()
    return answer === undefined
      ? []
      : [`NOT PROVEN HERE: ${answer.engine} (${answer.why}; mend: ${answer.mend})`]
  })
}
