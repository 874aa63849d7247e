/**
 * A vitest reporter: the list of what was not run, for a skipped test is no passed test, then one plain line of counts.
 * With `CI=true` on Linux everything can be run, so a test that was not fails the run.
 */
export default class PlainSummary {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} strayErrors
   */
  onTestRunEnd(modules, strayErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const named = (/** @type {string} */ state) => tests.filter((test) => test.result().state === state)
    const skipped = named('skipped')
    if (skipped.length > 0) console.log('Not run:')
    for (const test of skipped) console.log(`  ${test.module.relativeModuleId}: ${test.fullName}`)
    if (skipped.length > 0 && process.env['CI'] === 'true' && process.platform === 'linux') {
      console.error('posthorn: nothing may be skipped in CI')
      process.exitCode = 1
    }

    const counts = {
      'failed': named('failed').length,
      'passed': named('passed').length,
      'skipped': skipped.length,
      'files that could not be loaded': modules.filter((module) => module.errors().length > 0).length,
      'errors outside of tests': strayErrors.length,
    }
    const words = Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} ${what}`)
      .join(' | ')
    process.on('exit', () => console.log(`Tests  ${words} (${tests.length})`))
  }
}
