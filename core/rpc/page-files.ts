import { extname, join, resolve, sep } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  // What PDFs are shown with: fonts, and tables of characters.
  '.pfb': 'application/octet-stream',
  '.ttf': 'font/ttf',
  '.bcmap': 'application/octet-stream',
}

/** The content type of a file of the window, or undefined for what no window is made of. */
export const pageTypeOf = (file: string): string | undefined => TYPES[extname(file)]

/** The file a path names, or undefined for one that would lie outside the folder. */
export function pageFileOf(folder: string, path: string): string | undefined {
  const name = path === '/' ? '/index.html' : decode(path)
  if (name === undefined || name.includes('\0')) return undefined
  const inside = resolve(folder) + sep
  const file = resolve(join(inside, name))
  return file.startsWith(inside) ? file : undefined
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
