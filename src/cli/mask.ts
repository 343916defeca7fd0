// Secrets out of text that is shown: passwords in URLs, and values of parameters that are named like secrets.
// Promises to be harmless on any text. Leaves what is stored, and fields of payloads, to core/redact.ts.

const USER_AND_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#@:]*):([^\s/?#]*)@/gi
const SECRET_PARAMETER = /\b((?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key)=)[^\s&#;,'"]+/gi

/** The same text with `***` in place of secrets. */
export function maskSecrets(text: string): string {
  return text.replace(USER_AND_PASSWORD, '$1$2:***@').replace(SECRET_PARAMETER, '$1***')
}
