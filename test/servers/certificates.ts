// Certificates for servers of the tests, made by openssl in a folder that goes with the test: an authority, and a key and
// a certificate that it has signed. Promises that the account which a server runs as can read them.

import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import { accountFor, temporaryFolderFor } from '../../scripts/test/servers/account.ts'

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

export class Certificates {
  /** File of the authority's certificate: what a client has to trust. */
  readonly authority: string
  /** File of the server's key. */
  readonly key: string
  /** File of the server's certificate. */
  readonly certificate: string
  readonly #folder: string
  readonly #owner: string

  /** @param owner account that the server runs as, where the tests run as root */
  constructor(t: TestContext, owner: string) {
    this.#folder = mkdtempSync(join(temporaryFolderFor(accountFor(owner)), 'windlass-tls-'))
    t.after(() => rmSync(this.#folder, { recursive: true }))
    this.#owner = owner
    this.authority = join(this.#folder, 'authority.pem')
    this.key = join(this.#folder, 'server.key')
    this.certificate = join(this.#folder, 'server.pem')
    const itself = [
      '-subj',
      '/CN=windlass test authority',
      '-out',
      'authority.pem',
      '-keyout',
      'authority.key',
    ]
    this.#openssl('req', '-x509', ...NEW_KEY, ...itself)
    this.sign('localhost')
  }

  /** Makes key and certificate anew, for a server of this name. */
  sign(host: string): void {
    writeFileSync(join(this.#folder, 'names'), `subjectAltName=DNS:${host}\n`)
    this.#openssl('req', ...NEW_KEY, '-subj', `/CN=${host}`, '-keyout', 'server.key', '-out', 'server.csr')
    const authority = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial']
    const signed = ['-days', '2', '-extfile', 'names', '-out', 'server.pem']
    this.#openssl('x509', '-req', '-in', 'server.csr', ...authority, ...signed)
    const account = accountFor(this.#owner)
    if (account === null) return
    for (const name of ['.', ...readdirSync(this.#folder)])
      chownSync(join(this.#folder, name), account.uid, account.gid)
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
