import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // Electron's own Chromium and every browser of the last two years.
    target: 'chrome130',
    // The CSP allows no inline script, and the page has a single entry.
    modulePreload: { polyfill: false },
    // A mail client opens offline from disk: one request more costs nothing, a data: font or script would need a wider CSP.
    assetsInlineLimit: 0,
  },
})
