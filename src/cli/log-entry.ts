// One line of a log file as several processes write it: with the name of who said it.

/** The line with its name, in the shape of the file. */
export function nameLine(worker: string, text: string, json: boolean): string {
  if (!json) return `[${worker}] ${text}`
  const fields = parseObject(text) ?? { level: 'info', time: new Date().toISOString(), message: text }
  return JSON.stringify({ ...fields, worker })
}

function parseObject(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}
