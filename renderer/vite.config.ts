import react from '@vitejs/plugin-react'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

/** What PDFs ask for besides their own bytes, with the licences of it: fonts everybody has, tables of characters, decoders. */
function pdfFiles(): Plugin {
  const from = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
  const folders = [
    ['standard_fonts', 'fonts', /./],
    ['cmaps', 'cmaps', /./],
    ['wasm', 'decoders', /_nowasm_fallback\.js$|^LICENSE_(?:PDFJS_)?(?:JBIG2|OPENJPEG)$/],
  ] as const
  return {
    name: 'posthorn:pdf-files',
    apply: 'build',
    generateBundle() {
      for (const [folder, to, wanted] of folders)
        for (const name of readdirSync(join(from, folder)).filter((one) => wanted.test(one)))
          this.emitFile({
            type: 'asset',
            fileName: `pdf/${to}/${name}`,
            source: readFileSync(join(from, folder, name)),
          })
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), pdfFiles()],
  worker: { format: 'es' },
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
