import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import test, { before } from 'node:test'
import { createSandbox, sdk, until } from './client.mjs'

let sandbox
before(async () => { sandbox = await createSandbox() })

test('text, bytes, blobs and streams come back as they went', async () => {
  const data = randomBytes(300_000)
  await sandbox.files.write('/home/user/text', 'grüße\n')
  assert.equal(await sandbox.files.read('/home/user/text'), 'grüße\n')
  await sandbox.files.write('/home/user/bytes', data.buffer.slice(data.byteOffset, data.byteOffset + data.length))
  assert.deepEqual(Buffer.from(await sandbox.files.read('/home/user/bytes', { format: 'bytes' })), data)
  const blob = await sandbox.files.read('/home/user/bytes', { format: 'blob' })
  assert.deepEqual(Buffer.from(await blob.arrayBuffer()), data)
  const parts = []
  for await (const part of await sandbox.files.read('/home/user/bytes', { format: 'stream' })) parts.push(part)
  assert.deepEqual(Buffer.concat(parts), data)
  await sandbox.files.write('/home/user/streamed', new Blob([data]).stream())
  assert.equal((await sandbox.commands.run('sha256sum < /home/user/streamed')).stdout.split(' ')[0], createHash('sha256').update(data).digest('hex'))
})

test('an empty file is empty in every format', async () => {
  await sandbox.files.write('/home/user/empty', '')
  assert.equal(await sandbox.files.read('/home/user/empty'), '')
  assert.equal((await sandbox.files.read('/home/user/empty', { format: 'bytes' })).byteLength, 0)
})

test('several files are written in one call, parents made and owned by user', async () => {
  const written = await sandbox.files.write([{ path: 'many/a.txt', data: 'a' }, { path: '/home/user/many/deeper/b.txt', data: 'b' }])
  assert.deepEqual(written.map(w => w.path), ['/home/user/many/a.txt', '/home/user/many/deeper/b.txt'])
  assert.equal((await sandbox.commands.run('stat -c "%U:%G %a" many/deeper many/deeper/b.txt')).stdout, 'user:user 755\nuser:user 644\n')
})

test('a written file can be overwritten, and written by root', async () => {
  await sandbox.files.write('/home/user/over', 'a long first text')
  await sandbox.files.write('/home/user/over', 'short')
  assert.equal(await sandbox.files.read('/home/user/over'), 'short')
  await sandbox.files.write('/rootfile', 'r', { user: 'root' })
  assert.equal((await sandbox.files.getInfo('/rootfile')).owner, 'root')
})

test('a missing file is a not-found error', async () => {
  await assert.rejects(sandbox.files.read('/home/user/missing'), error => error instanceof sdk.NotFoundError)
  await assert.rejects(sandbox.files.getInfo('/home/user/missing'), error => error instanceof sdk.NotFoundError)
  assert.equal(await sandbox.files.exists('/home/user/missing'), false)
})

test('info is complete', async () => {
  await sandbox.files.write('/home/user/info.txt', 'Hello, World!')
  await sandbox.commands.run('ln -s /home/user/info.txt /home/user/info.link')
  const info = await sandbox.files.getInfo('/home/user/info.txt')
  assert.deepEqual([info.name, info.path, info.type, info.size, info.mode, info.permissions, info.owner, info.group],
    ['info.txt', '/home/user/info.txt', 'file', 13, 0o644, '-rw-r--r--', 'user', 'user'])
  assert.ok(Math.abs(info.modifiedTime - Date.now()) < 60_000)
  assert.equal((await sandbox.files.getInfo('/home/user/info.link')).symlinkTarget, '/home/user/info.txt')
})

test('list is sorted, and as deep as asked', async () => {
  await sandbox.files.makeDir('/home/user/tree/b/c')
  await sandbox.files.write('/home/user/tree/a.txt', '')
  await sandbox.files.write('/home/user/tree/b/c/d.txt', '')
  const names = async depth => (await sandbox.files.list('/home/user/tree', { depth })).map(e => e.path.slice('/home/user/tree/'.length))
  assert.deepEqual(await names(1), ['a.txt', 'b'])
  assert.deepEqual(await names(2), ['a.txt', 'b', 'b/c'])
  assert.deepEqual(await names(3), ['a.txt', 'b', 'b/c', 'b/c/d.txt'])
  await assert.rejects(sandbox.files.list('/home/user/nowhere'), error => error instanceof sdk.NotFoundError)
})

test('directories are made once, renamed and removed', async () => {
  assert.equal(await sandbox.files.makeDir('/home/user/dir/sub'), true)
  assert.equal(await sandbox.files.makeDir('/home/user/dir/sub'), false)
  const moved = await sandbox.files.rename('/home/user/dir', '/home/user/moved')
  assert.equal(moved.path, '/home/user/moved')
  assert.equal(await sandbox.files.exists('/home/user/moved/sub'), true)
  await sandbox.files.remove('/home/user/moved')
  assert.equal(await sandbox.files.exists('/home/user/moved'), false)
  await sandbox.files.remove('/home/user/moved')
})

test('a directory of the template can be renamed', async () => {
  await sandbox.files.rename('/usr/share/doc', '/usr/share/documents', { user: 'root' })
  assert.equal(await sandbox.files.exists('/usr/share/documents'), true)
})

test('the user\'s home holds the usual files', async () => {
  const info = await sandbox.files.getInfo('/home/user/.bashrc')
  assert.deepEqual([info.owner, info.group, info.permissions], ['user', 'user', '-rw-r--r--'])
})

test('a watcher reports what happens, recursively when asked', async () => {
  await sandbox.files.makeDir('/home/user/watched')
  const events = []
  const watcher = await sandbox.files.watchDir('/home/user/watched', event => { events.push(`${event.type} ${event.name}`) }, { recursive: true })
  await sandbox.files.write('/home/user/watched/new.txt', 'x')
  await until(() => events.includes('create new.txt') && events.includes('write new.txt'), `create and write, saw ${events}`)
  await sandbox.files.rename('/home/user/watched/new.txt', '/home/user/watched/old.txt')
  await until(() => events.includes('rename new.txt'), 'rename')
  await sandbox.files.makeDir('/home/user/watched/nested')
  await until(() => events.includes('create nested'), 'the new directory')
  await sandbox.files.write('/home/user/watched/nested/file', 'x')
  await until(() => events.includes('write nested/file'), 'the nested write')
  await sandbox.files.remove('/home/user/watched/old.txt')
  await until(() => events.includes('remove old.txt'), 'remove')
  await watcher.stop()
})

test('watching a file, or nothing, is an error', async () => {
  await sandbox.files.write('/home/user/plain', '')
  await assert.rejects(sandbox.files.watchDir('/home/user/plain', () => {}), error => error instanceof sdk.SandboxError)
  await assert.rejects(sandbox.files.watchDir('/home/user/absent', () => {}), error => error instanceof sdk.NotFoundError)
})

test('signed URLs upload and download without a token, and only what they were made for', async () => {
  const up = await sandbox.uploadUrl('/home/user/signed.txt', { useSignature: true, useSignatureExpiration: 60 })
  const form = new FormData()
  form.append('file', new Blob(['signed content']), 'ignored.txt')
  const uploaded = await fetch(up, { method: 'POST', body: form })
  assert.equal(uploaded.status, 200, await uploaded.text())
  const down = await sandbox.downloadUrl('/home/user/signed.txt', { useSignature: true })
  const downloaded = await fetch(down)
  assert.equal(downloaded.status, 200)
  assert.equal(await downloaded.text(), 'signed content')
  const other = new URL(down)
  other.searchParams.set('path', '/etc/passwd')
  assert.ok((await fetch(other)).status >= 400)
})

test('an expired signature is refused', async () => {
  await sandbox.files.write('/home/user/expired.txt', 'x')
  const url = await sandbox.downloadUrl('/home/user/expired.txt', { useSignature: true, useSignatureExpiration: -10 })
  const answer = await fetch(url)
  assert.equal(answer.status, 401)
  assert.deepEqual(await answer.json(), { code: 401, message: 'signature is already expired' })
})

test('a 100 MiB file goes up and comes down whole', async () => {
  const data = randomBytes(1 << 20)
  const hash = createHash('sha256')
  const source = new ReadableStream({
    start() { this.left = 100 },
    pull(controller) {
      if (this.left-- === 0) return controller.close()
      hash.update(data)
      controller.enqueue(new Uint8Array(data))
    },
  })
  await sandbox.files.write('/home/user/big', source, { useOctetStream: true })
  const sent = hash.digest('hex')
  assert.equal((await sandbox.commands.run('sha256sum < /home/user/big')).stdout.split(' ')[0], sent)
  const back = createHash('sha256')
  for await (const part of await sandbox.files.read('/home/user/big', { format: 'stream' })) back.update(part)
  assert.equal(back.digest('hex'), sent)
})
