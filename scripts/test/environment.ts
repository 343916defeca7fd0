/**
 * What tests see of the machine.
 *
 * Owns the list of variables that come through. Everything else stays outside, so that a DATABASE_URL, a
 * REDIS_URL or a WINDLASS_ENGINE in the user's shell never becomes the target of a test; test servers come
 * only from WINDLASS_TEST_….
 */

const KEPT = new Set(
  [
    ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TZ', 'LD_LIBRARY_PATH'],
    ['TERM', 'COLORTERM', 'NO_COLOR', 'CI'],
    ['USERPROFILE', 'USERNAME', 'TEMP', 'TMP', 'SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'PATHEXT'],
    ['APPDATA', 'LOCALAPPDATA', 'PROGRAMDATA', 'PROGRAMFILES'],
    ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'],
    ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG'],
    ['WINDLASS_SEED', 'WINDLASS_NO_APT'],
  ].flat(),
)

const KEPT_PREFIXES = ['NPM_', 'XDG_', 'WINDLASS_TEST_']

export interface Wish {
  readonly seed: number
  readonly long: boolean
  readonly requireAll: boolean
}

export function testEnvironment(outer: NodeJS.ProcessEnv, wish: Wish): NodeJS.ProcessEnv {
  const kept = Object.entries(outer).filter(([name]) => isKept(name.toUpperCase()))
  return {
    ...Object.fromEntries(kept),
    LANG: 'C.UTF-8',
    WINDLASS_SEED: String(wish.seed),
    ...(wish.long ? { WINDLASS_LONG: '1' } : {}),
    ...(wish.requireAll ? { WINDLASS_REQUIRE_ALL: '1' } : {}),
  }
}

function isKept(name: string): boolean {
  return KEPT.has(name) || KEPT_PREFIXES.some((prefix) => name.startsWith(prefix))
}

/** Short runs draw the same programs every time, so that a change is judged by itself and not by the luck of a draw. */
const SHORT_RUN_SEED = 20_261_121

/** The seed that was asked for, else a fresh one for long runs; printed, so that a failure can be repeated. */
export function chooseSeed(outer: NodeJS.ProcessEnv, long: boolean): number {
  const asked = outer['WINDLASS_SEED']
  if (asked === undefined || asked === '') return long ? Math.floor(Math.random() * 2 ** 31) : SHORT_RUN_SEED
  const seed = Number(asked)
  if (!Number.isSafeInteger(seed)) throw new TypeError(`WINDLASS_SEED must be a whole number, not "${asked}"`)
  return seed
}
