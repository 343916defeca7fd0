// Which file systems are refused, on a table of what systems say; and that the folder of this test is accepted.

import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'

import { fileSystemOf, nameOfMount, networkFileSystem } from './file-system.ts'

const LOCAL = [
  ['ext2, ext3, ext4', 0xef53, 'ext4'],
  ['XFS', 0x58465342, 'xfs'],
  ['Btrfs', 0x9123683e, 'btrfs'],
  ['tmpfs', 0x01021994, 'tmpfs'],
  ['ZFS', 0x2fc12fc1, 'zfs'],
  ['overlay', 0x794c7630, 'overlay'],
  ['F2FS', 0xf2f52010, 'f2fs'],
  ['FAT', 0x4d44, 'vfat'],
  ['bcachefs', 0xca451a4e, 'bcachefs'],
  ['NTFS over FUSE', 0x65735546, 'fuseblk'],
  ['a union over FUSE', 0x65735546, 'fuse.mergerfs'],
  ['FUSE of an unknown kind', 0x65735546, null],
  ['APFS by name', 0x1a, 'apfs'],
  ['an unknown number', 0x12345678, null],
] as const

const REMOTE = [
  ['NFS', 0x6969, null, 'NFS'],
  ['NFS 4 by name', 0, 'nfs4', 'nfs4'],
  ['SMB', 0x517b, null, 'SMB'],
  ['SMB 2', 0xfe534d42, null, 'SMB2'],
  ['SMB 2 as a signed number', 0xfe534d42 | 0, null, 'SMB2'],
  ['CIFS', 0xff534d42, 'cifs', 'CIFS'],
  ['9p', 0x01021997, null, '9p'],
  ['Ceph', 0x00c36400, null, 'Ceph'],
  ['AFS', 0x5346414f, null, 'AFS'],
  ['Lustre', 0x0bd00bd0, null, 'Lustre'],
  ['a shared folder of VirtualBox', 0x786f4256, null, 'a VirtualBox shared folder'],
  ['sshfs', 0x65735546, 'fuse.sshfs', 'fuse.sshfs'],
  ['GlusterFS', 0x65735546, 'fuse.glusterfs', 'fuse.glusterfs'],
  ['CephFS over FUSE', 0x65735546, 'fuse.ceph-fuse', 'fuse.ceph-fuse'],
  ['a bucket over FUSE', 0x65735546, 'fuse.s3fs', 'fuse.s3fs'],
  ['rclone', 0x65735546, 'fuse.rclone', 'fuse.rclone'],
  ['macOS: SMB', 0x1c, 'smbfs', 'smbfs'],
  ['macOS: AFP', 0x1d, 'afpfs', 'afpfs'],
] as const

for (const [what, type, name] of LOCAL) {
  test(`local: ${what}`, () => assert.equal(networkFileSystem({ type, name }), null))
}
for (const [what, type, name, called] of REMOTE) {
  test(`remote: ${what}`, () => assert.equal(networkFileSystem({ type, name }), called))
}

const MOUNTS = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /mnt rw shared:2 - tmpfs tmpfs rw
31 30 0:27 / /mnt/my\\040files rw shared:3 - fuse.sshfs host:/ rw
32 22 0:28 / /data rw - ext4 /dev/vdb rw
33 22 0:29 / /data rw - nfs4 server:/data rw
broken line
`

test('the innermost mount that holds a folder counts, and the last of two at one place', () => {
  assert.equal(nameOfMount(MOUNTS, '/home/me'), 'ext4')
  assert.equal(nameOfMount(MOUNTS, '/mnt'), 'tmpfs')
  assert.equal(nameOfMount(MOUNTS, '/mnt/my files/db'), 'fuse.sshfs')
  assert.equal(nameOfMount(MOUNTS, '/mnt/my files and more'), 'tmpfs')
  assert.equal(nameOfMount(MOUNTS, '/data/x'), 'nfs4')
  assert.equal(nameOfMount('', '/data'), null)
})

test('a temp folder is local', () => assert.equal(networkFileSystem(fileSystemOf(tmpdir())), null))
