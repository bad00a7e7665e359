// What only the current SDK generation can ask for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox } from './client.mjs'

test('metadata is kept with a file and replaced by the next write', async () => {
  const sandbox = await createSandbox()
  await sandbox.files.write('/home/user/tagged', 'x', { metadata: { origin: 'test' } })
  assert.deepEqual((await sandbox.files.getInfo('/home/user/tagged')).metadata, { origin: 'test' })
  await sandbox.files.write('/home/user/tagged', 'y')
  assert.deepEqual((await sandbox.files.getInfo('/home/user/tagged')).metadata ?? {}, {})
})
