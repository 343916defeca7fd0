// The story of one task (or session) in a history, as text: who asked what, when, and what they were told.

import type { Call, History } from './history.ts'

/** Lines in the order of events; times are engine time since the first event. */
export function timeline(history: History, id: string): string {
  const start = history.calls[0]?.at ?? 0
  const lines: { position: number; text: string }[] = []
  const say = (position: number, at: number, node: string, text: string): void => {
    lines.push({ position, text: `${String(at - start).padStart(9)} ms  ${node.padEnd(8)} ${text}` })
  }
  for (const call of history.calls) {
    const asked = partsOf(call, call.asked, id)
    const told = partsOf(call, call.told ?? [], id)
    if (asked === '' && told === '') continue
    say(call.invoked, call.at, call.node, `${call.verb} ${asked}`)
    const end = Number.isFinite(call.returned) ? call.returned : call.invoked + 0.5
    const answer = call.status === 'ok' ? told || '(nothing of it)' : call.status
    say(end, call.until, call.node, `  ${call.verb} → ${answer}`)
  }
  for (const run of history.runs)
    if (run.id === id) say(run.position, run.at, run.node, `handler ${run.what}s, ${run.claim}`)
  if (history.healed !== null) lines.push({ position: history.healed, text: `${' '.repeat(13)}── healed ──` })
  const last = history.final.tasks.find((task) => task.id === id)
  const end = last === undefined ? 'gone' : JSON.stringify(last)
  const sorted = lines.toSorted((a, b) => a.position - b.position).map(({ text }) => text)
  return [`── ${id} ──`, ...sorted, `at the end: ${end}`].join('\n')
}

/** The items of a call that name the id, shortened. */
function partsOf(call: Call, items: readonly unknown[], id: string): string {
  return items
    .map((item, i) => ({ text: JSON.stringify(item), asked: JSON.stringify(call.asked[i]) ?? '' }))
    .filter(({ text, asked }) => text.includes(`"${id}"`) || asked.includes(`"${id}"`))
    .map(({ text }) => (text.length > 300 ? `${text.slice(0, 300)}…` : text))
    .join(' ')
}
