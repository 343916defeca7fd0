/**
 * Packages of any suite of Debian, unpacked beside the machine's own and never installed.
 *
 * apt does the work, on folders of its own that know of no installed package: it takes the machine's mirror and keys,
 * checks signatures and digests, and fetches what a package needs down to its libc. Promises that nothing of the
 * machine changes. Leaves running what was unpacked to programs.ts.
 */
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'
const APT = ['etc/apt/apt.conf.d', 'etc/apt/preferences.d', 'state/lists/partial', 'cache/archives/partial']
const FOLDERS = [...APT, 'unpacked']
const run = promisify(execFile)

/** What one folder is to hold. */
export interface Wanted {
  /** The first wins where several have a package. */
  readonly suites: readonly string[]
  readonly packages: readonly string[]
}

/**
 * Unpacks packages and all that they need into a folder that is kept for the next time.
 * @param fresh fetch them again, also when they are there
 * @returns the folder
 */
export async function unpack({ suites, packages }: Wanted, fresh: boolean): Promise<string> {
  const place = join(cacheFolder(), [...suites, ...packages].join('-'))
  const tree = join(place, 'tree')
  if (existsSync(tree) && !fresh) return tree
  rmSync(place, { recursive: true, force: true })
  for (const folder of FOLDERS) mkdirSync(join(place, folder), { recursive: true })
  const mirror = await findMirror()
  const sources = suites.map((suite) => `deb [signed-by=${KEYS}] ${mirror} ${suite} main\n`)
  writeFileSync(join(place, 'etc/apt/sources.list'), sources.join(''))
  writeFileSync(join(place, 'state/status'), '')
  writeFileSync(join(place, 'apt.conf'), await settingsOf(place))
  await apt(place, ['update'])
  const install = ['install', '--yes', '--no-install-recommends', '--download-only']
  await apt(place, [...install, '--target-release', suites[0] ?? '', ...packages])
  for (const file of globSync(join(place, 'cache/archives/*.deb')))
    await run('dpkg', ['--extract', file, join(place, 'unpacked')])
  for (const folder of ['state', 'cache']) rmSync(join(place, folder), { recursive: true })
  // Last, so that what was interrupted is not taken for whole.
  renameSync(join(place, 'unpacked'), tree)
  return tree
}

/** Servers that root starts run as somebody else, who cannot look into root's home. */
function cacheFolder(): string {
  const own = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(process.getuid?.() === 0 ? '/var/cache' : own, 'windlass', 'releases')
}

/** The address from which this machine has its own packages. */
async function findMirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)'])
  const mirror = stdout.split('\n').find((line) => line.endsWith('/debian/'))
  if (mirror === undefined) throw new Error('apt knows no mirror of Debian on this machine')
  return mirror
}

/** Folders of its own; proxies and the like are the machine's. */
async function settingsOf(place: string): Promise<string> {
  const { stdout } = await run('apt-config', ['dump', '--no-empty', '--format', '%F "%v";%n'])
  return [
    `Dir "${place}";`,
    'Dir::State "state";',
    `Dir::State::status "${join(place, 'state/status')}";`,
    'Dir::Cache "cache";',
    ...stdout.split('\n').filter((line) => line.startsWith('Acquire::')),
    'Acquire::AllowInsecureRepositories "0";',
    'Acquire::Languages "none";',
    '',
  ].join('\n')
}

async function apt(place: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, APT_CONFIG: join(place, 'apt.conf'), LC_ALL: 'C' }
  await run('apt-get', ['--quiet', ...args], { env, maxBuffer: 64 * 1024 * 1024 })
}
