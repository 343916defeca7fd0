// Retention by bytes on the servers: asks for the bytes of each retention's oldest and newest finished tasks and puts
// them together to one history. How a database is asked is the engine's business, what is over is core's.

import { countOverBytes, measuresOf, newestOf, oldestOf, type Measure } from '../../core/kept-bytes.ts'

/** Measures up to `most` finished tasks of one retention, from one end of their history. */
export type Measurer = (end: 'oldest' | 'newest', kept: number, most: number) => Promise<readonly Measure[]>

/** How many of the oldest of `count` finished tasks, which are kept for so long or so long, are over the bytes. */
export async function overBytes(
  count: number,
  keepBytes: number,
  keeps: readonly number[],
  measure: Measurer,
): Promise<number> {
  const most = measuresOf(count)
  const look = async (end: 'oldest' | 'newest'): Promise<Measure[]> => {
    const found: Measure[] = []
    if (most[end] > 0) for (const kept of keeps) found.push(...(await measure(end, kept, most[end])))
    return found
  }
  const oldest = oldestOf(await look('oldest'), most.oldest)
  const newest = newestOf(await look('newest'), most.newest)
  return countOverBytes({ count, oldest, newest }, keepBytes)
}
