import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import { createSandbox, until } from './client.mjs'

const bytes = text => new TextEncoder().encode(text)
let sandbox
before(async () => { sandbox = await createSandbox() })

async function openTerminal(options = {}) {
  let output = ''
  const decoder = new TextDecoder()
  const terminal = await sandbox.pty.create({
    cols: 80, rows: 24, timeoutMs: 0, onData: data => { output += decoder.decode(data, { stream: true }) }, ...options,
  })
  return { terminal, pid: terminal.pid, output: () => output }
}

test('a terminal shows what its shell prints, with the environment that was asked for', async () => {
  const { terminal, pid, output } = await openTerminal({ envs: { ABC: '123' } })
  await sandbox.pty.sendInput(pid, bytes('echo "value=$ABC"\n'))
  await until(() => output().includes('value=123'), 'the output')
  await sandbox.pty.sendInput(pid, bytes('exit\n'))
  assert.equal((await terminal.wait()).exitCode, 0)
})

test('its size is what was asked for, and follows a resize', async () => {
  const { pid, output } = await openTerminal({ cols: 91, rows: 30 })
  await sandbox.pty.sendInput(pid, bytes('echo "cols=$(tput cols)"\n'))
  await until(() => output().includes('cols=91'), 'the first size')
  await sandbox.pty.resize(pid, { cols: 121, rows: 40 })
  await sandbox.pty.sendInput(pid, bytes('echo "cols=$(tput cols)"\n'))
  await until(() => output().includes('cols=121'), 'the second size')
  assert.equal(await sandbox.pty.kill(pid), true)
})

test('a terminal has job control and a controlling tty', async () => {
  const { pid, output } = await openTerminal()
  await sandbox.pty.sendInput(pid, bytes('tty; sleep 100\n'))
  await until(() => output().includes('/dev/pts/'), 'the tty')
  await sandbox.pty.sendInput(pid, bytes('\x03'))
  await sandbox.pty.sendInput(pid, bytes('echo "after=$?"\n'))
  await until(() => output().includes('after=130'), 'the interrupt')
  await sandbox.pty.kill(pid)
})

test('disconnecting leaves it running, and reconnecting shows only what is new', async () => {
  const { terminal, pid, output } = await openTerminal()
  await sandbox.pty.sendInput(pid, bytes('export KEPT=yes; echo fir""st\n'))
  await until(() => output().includes('first'), 'the first line')
  await terminal.disconnect()
  let later = ''
  const again = await sandbox.pty.connect(pid, { onData: data => { later += new TextDecoder().decode(data) }, timeoutMs: 0 })
  assert.equal(again.pid, pid)
  await sandbox.pty.sendInput(pid, bytes('echo "kept=$KEPT"\n'))
  await until(() => later.includes('kept=yes'), 'the second line')
  assert.ok(!later.includes('first'))
  await sandbox.pty.kill(pid)
})
