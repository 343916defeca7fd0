// Which workers start and which drain when their number changes: pure arithmetic on the numbers in their names.
// Promises that the highest numbers go, and that a name is not given again while a process of that name still drains.

export interface ScalePlan {
  readonly start: readonly number[]
  readonly retire: readonly number[]
}

/**
 * @param working numbers of the workers that are kept alive
 * @param draining numbers of those that were told to end and have not yet
 * @param count how many there should be
 */
export function planScale(working: readonly number[], draining: readonly number[], count: number): ScalePlan {
  const retire = working.toSorted((a, b) => a - b).slice(count)
  const taken = new Set([...working, ...draining])
  const start: number[] = []
  for (let number = 1; start.length < count - working.length; number++)
    if (!taken.has(number)) start.push(number)
  return { start, retire }
}
