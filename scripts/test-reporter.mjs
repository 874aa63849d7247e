/**
 * A vitest reporter: the list of what was not run, for a skipped test is no passed test, then one plain line of counts.
 * With `CI=true` on Linux everything can be run, so a test that was not fails the run.
 */
export default class PlainSummary {
  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const named = (/** @type {string} */ state) => tests.filter((test) => test.result().state === state)
    const skipped = named('skipped')
    if (skipped.length > 0) console.log('Not run:')
    for (const test of skipped) console.log(`  ${test.module.relativeModuleId}: ${test.fullName}`)
    if (skipped.length > 0 && process.env['CI'] === 'true' && process.platform === 'linux') {
      console.error('posthorn: nothing may be skipped in CI')
      process.exitCode = 1
    }

    const counts = /** @type {const} */ (['failed', 'passed', 'skipped'])
      .map((state) => ({ state, count: named(state).length }))
      .filter(({ count }) => count > 0)
    const words = counts.map(({ state, count }) => `${count} ${state}`).join(' | ')
    process.on('exit', () => console.log(`Tests  ${words} (${tests.length})`))
  }
}
