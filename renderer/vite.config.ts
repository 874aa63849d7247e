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
    // The page comes from this computer: one file or ten, its size costs nothing, but a font as data: a wider CSP.
    chunkSizeWarningLimit: 4096,
    assetsInlineLimit: 0,
  },
})
