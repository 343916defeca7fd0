// One thing that was looked at: whether it is right, and what mends it.

export interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  /** What to do about it, a command where there is one; null: nothing is wrong. */
  readonly mend: string | null
}

/** A finding; `mend` counts only where it is not ok. */
export function finding(check: string, ok: boolean, detail: string, mend: string): Finding {
  return { check, ok, detail, mend: ok ? null : mend }
}

/** Negative: version `a` is older than `b`. Only as many parts as `b` has are compared. */
export function compareVersions(a: string, b: string): number {
  const mine = a.split('.').map((part) => Number.parseInt(part, 10))
  for (const [i, part] of b.split('.').map(Number).entries()) {
    const gap = (mine[i] ?? 0) - part
    if (gap !== 0) return gap
  }
  return 0
}
