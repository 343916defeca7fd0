// Secrets that are handed over as files, as Docker and Kubernetes do: `API_KEYS_FILE=/run/secrets/api_keys` says what
// `API_KEYS` would say. Promises that the value stays out of the process's environment, where every child process would
// find it. Leaves what the variables mean to settings.ts.

import { readFileSync } from 'node:fs'

import { WindlassError } from '../core/errors.ts'

/** The variables that may hold a secret. */
const NAMES = [
  'ALERT_WEBHOOK_URL',
  'API_KEYS',
  'DATABASE_URL',
  'RABBITMQ_URL',
  'REDIS_PASSWORD',
  'REDIS_URL',
  'WINDLASS_ENGINE',
  'WINDLASS_STORE',
]

/**
 * The variables, with those that a file holds; one that is set itself goes before its file.
 * @throws WindlassError `config_invalid` for a file that cannot be read
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read = { ...env }
  for (const name of NAMES) {
    const file = env[`${name}_FILE`]?.trim() ?? ''
    if (file !== '' && (env[name] ?? '').trim() === '') read[name] = readSecret(file, `${name}_FILE`)
  }
  return read
}

function readSecret(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new WindlassError('config_invalid', `${variable}: ${file} cannot be read`, { cause })
  }
}
