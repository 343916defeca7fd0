// The notice of a death: a document of kind `death` under the task's id, written before the death is settled and removed
// when `onDead` was called. Whoever settles a death may die too, or not know the task type: the notice stays, and a
// worker that knows the type finds it. Pure; writing, finding and telling are others' business.

export const DEATH_DOCUMENT = 'death'

export interface DeathNotice {
  readonly type: string
  /** The attempt that the task died of: a notice of another one is of the past. */
  readonly attempt: number
  /** Engine time until which somebody is telling it; 0: nobody. */
  readonly until: number
}

/** Null for what is no notice. */
export function readDeathNotice(body: string): DeathNotice | null {
  try {
    const value = JSON.parse(body) as Partial<DeathNotice> | null
    const { type, attempt, until } = value ?? {}
    return typeof type === 'string' && typeof attempt === 'number' && typeof until === 'number'
      ? { type, attempt, until }
      : null
  } catch {
    return null
  }
}

/** The body for this notice. */
export function writeDeathNotice({ type, attempt, until }: DeathNotice): string {
  return JSON.stringify({ type, attempt, until })
}
