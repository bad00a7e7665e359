// One line of JSON a test: what the C# side reads.
export default async function* report(events) {
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.nesting > 0) continue
    const error = data.details?.error
    yield JSON.stringify({ name: data.name, passed: type === 'test:pass', error: error && String(error.cause?.stack ?? error.cause ?? error) }) + '\n'
  }
}
