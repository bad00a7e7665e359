// What only the older SDK generation can ask for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox } from './client.mjs'

test('an unsecured sandbox accepts its daemon without a token', async () => {
  const sandbox = await createSandbox({ secure: false })
  const answer = await fetch(`${process.env.E2B_SANDBOX_URL}/files?path=/etc/hostname`, {
    headers: { 'E2b-Sandbox-Id': sandbox.sandboxId, 'E2b-Sandbox-Port': '49983' },
  })
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), 'e2b.local\n')
})
