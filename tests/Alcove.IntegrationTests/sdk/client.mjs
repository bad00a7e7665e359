// What every SDK test starts from: the SDK generation that ALCOVE_SDK names, and sandboxes that are always killed.
import { after } from 'node:test'

export const sdk = await import(process.env.ALCOVE_SDK ?? 'e2b')
export const { Sandbox } = sdk

const opened = new Set()

export async function createSandbox(options = {}, template = 'base') {
  const sandbox = await Sandbox.create(template, { timeoutMs: 120_000, ...options })
  opened.add(sandbox)
  return sandbox
}

/** A fresh server in the sandbox that says the line when it listens. */
export async function startServer(sandbox, source, port) {
  await sandbox.files.write('/home/user/server.mjs', source)
  let ready
  const listening = new Promise((resolve, reject) => { ready = { resolve, reject } })
  const handle = await sandbox.commands.run(`node /home/user/server.mjs ${port}`, {
    background: true,
    timeoutMs: 0,
    onStdout: line => { if (line.includes('listening')) ready.resolve() },
    onStderr: line => ready.reject(new Error(line)),
  })
  await listening
  return handle
}

/** Waits until the condition holds, asking again every 50 ms. */
export async function until(condition, what, timeoutMs = 15_000) {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The URL at which a port of the sandbox is reached from this machine. */
export function urlOf(sandbox, port) {
  return `http://${sandbox.getHost(port)}`
}

after(async () => {
  await Promise.allSettled([...opened].map(sandbox => sandbox.kill()))
})
