import { defineConfig } from 'vitest/config'

/** Tests that start other programs or a browser have time to spare. */
const slow = { environment: 'node', testTimeout: 60_000, hookTimeout: 60_000 } as const
/** One file at a time: a browser wants a machine of its own. */
const alone = { ...slow, fileParallelism: false } as const

export default defineConfig({
  // Core never imports Electron; the shell's tests cover its pure files. Whoever imports it hears so at once.
  resolve: { alias: { electron: new URL('test/support/no-electron.ts', import.meta.url).pathname } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          // A process for each of two hundred files would cost more than most of their tests.
          isolate: false,
          // A busy machine of two cores is no failure.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          include: ['{core,electron,renderer}/**/*.test.{ts,tsx}', 'test/{repo,support}/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: { ...slow, name: 'interop', isolate: false, include: ['test/{interop,packaging}/**/*.test.ts'] },
      },
      { extends: true, test: { ...alone, name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
      // These wait more than they work: side by side they take a third of the time.
      { extends: true, test: { ...slow, name: 'shell', include: ['test/shell/**/*.test.ts'] } },
      // Needs the real Electron: scripts/test-electron.mjs runs it, and nothing else does.
      { extends: true, test: { ...alone, name: 'electron', include: ['test/desktop/**/*.test.ts'] } },
      { extends: true, test: { ...alone, name: 'soak', include: ['test/soak/**/*.test.ts'], testTimeout: 3_600_000 } },
    ],
  },
})
