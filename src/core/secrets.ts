// Secrets out of text that is shown or kept: passwords in URLs, bearer tokens, what is assigned to a word such as
// `password` or `api_key`. Promises to be quick and harmless on any text. Fields of payloads are redact.ts's business.

/** Each repetition has a bound, so that no text makes them slow. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]{0,19}:\/\/[^\s/:@?#]{0,128}):[^\s/?#]{1,512}@/gi
/** In an address of a store the password may hold anything, also what belongs encoded: up to the last @. */
const STORE_PASSWORD =
  /((?:postgres(?:ql)?|mysql|mariadb|rediss?|valkeys?|amqps?)(?:\+\w{1,20})?:\/\/[^\s/:@?#]{0,128}):[^\s"'<>]{1,512}@/gi
const CREDENTIALS = /\b(bearer|basic) [\w.~+/=-]{8,1024}/gi
const SECRET_WORDS = String.raw`\b(\w{0,32}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|authorization))`
const ASSIGNED = new RegExp(
  String.raw`${SECRET_WORDS}=(?:"[^"]{0,512}"|'[^']{0,512}'|[^\s&;,)]{1,1024})`,
  'gi',
)
const MEMBER = new RegExp(String.raw`${SECRET_WORDS}(["']?: ?)(?:"[^"]{1,512}"|'[^']{1,512}')`, 'gi')

/** The same text with `***` in place of what is known to be secret. */
export function maskSecrets(text: string): string {
  return text
    .replaceAll(STORE_PASSWORD, '$1:***@')
    .replaceAll(URL_PASSWORD, '$1:***@')
    .replaceAll(CREDENTIALS, '$1 ***')
    .replaceAll(ASSIGNED, '$1=***')
    .replaceAll(MEMBER, '$1$2***')
}
