// Which file systems a database may live on: SQLite's locks and its shared memory do not work over a network.
// The judgement is a pure function over what the system says of a mount; reading that is separate.

import { readFileSync, statfsSync } from 'node:fs'

/** What is known of the file system that holds a folder. */
export interface FileSystem {
  /** `f_type` of statfs(2); Linux magic numbers. */
  readonly type: number
  /** Name in the mount table, such as `ext4`, `nfs4`, `fuse.sshfs`; null: unknown. */
  readonly name: string | null
}

/** Magic numbers of Linux (statfs(2), include/uapi/linux/magic.h) that are always remote. */
const REMOTE_TYPES: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x6b414653: 'AFS',
  0x73757245: 'Coda',
  0x564c: 'NCP',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x19830326: 'BeeGFS',
  0xaad7aaea: 'PanFS',
  0x013111a8: 'IBRIX',
  0x786f4256: 'a VirtualBox shared folder',
}

/** Names in mount tables, for FUSE (one number for all of them) and for systems with other numbers. */
const REMOTE_NAMES =
  /^(nfs\d?|smb\d?(fs)?|cifs|afpfs|webdav|davfs2?|9p|ceph|afs|coda|ncpfs|lustre|gpfs|beegfs|panfs|glusterfs|vboxsf|vmhgfs|prl_fs|acfs)$/
const REMOTE_FUSE =
  /^(?:fuse\.|osxfuse\.|macfuse\.)(sshfs|glusterfs|ceph(-fuse)?|cephfs|s3fs|s3ql|goofys|mount-s3|rclone|gcsfuse|blobfuse2?|juicefs|seaweedfs|weed|moosefs|mfs|lizardfs|davfs2?|curlftpfs|smbnetfs|hdfs|fuse_dfs|afpfs|vmhgfs-fuse|nfs|gdfs|google-drive-ocamlfuse|onedriver|ipfs)$/

/** What a network file system is called, or null for one that is local as far as can be told. */
export function networkFileSystem({ type, name }: FileSystem): string | null {
  // Some kernels give the number as a signed 32-bit integer.
  const known = REMOTE_TYPES[type >>> 0]
  if (known !== undefined) return known
  if (name === null) return null
  const plain = name.toLowerCase()
  return REMOTE_NAMES.test(plain) || REMOTE_FUSE.test(plain) ? name : null
}

/** What the system says of a folder that exists. */
export function fileSystemOf(folder: string): FileSystem {
  return { type: statfsSync(folder).type, name: nameInMounts(folder) }
}

/** The type of the innermost mount that holds the folder, from Linux's table of mounts. */
function nameInMounts(folder: string): string | null {
  let table: string
  try {
    table = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return null
  }
  return nameOfMount(table, folder)
}

/**
 * The type of the innermost mount that holds the folder; the last one listed covers those before it.
 * @param table text of /proc/self/mountinfo
 */
export function nameOfMount(table: string, folder: string): string | null {
  let best: { point: string; name: string } | null = null
  for (const line of table.split('\n')) {
    const [head, tail] = line.split(' - ')
    const point = head
      ?.split(' ')[4]
      ?.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)))
    const name = tail?.split(' ')[0]
    if (point === undefined || name === undefined) continue
    const holds = point === '/' || folder === point || folder.startsWith(`${point}/`)
    if (holds && point.length >= (best?.point.length ?? 0)) best = { point, name }
  }
  return best?.name ?? null
}
