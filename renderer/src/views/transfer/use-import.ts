import { useState } from 'react'
import type { ImportSourceView } from '../../../../core/rpc/transfer-contract.ts'
import { api } from '../../bridge/client.ts'
import { toBase64 } from '../compose/upload.ts'

const CHUNK_BYTES = 192 * 1024

/** Where mail is taken from: places on this computer, or files that somebody chose in the window. */
export type From =
  { readonly kind: 'paths'; readonly paths: readonly string[] } | { readonly kind: 'files'; readonly files: File[] }
/** Where it goes: a folder of that name, or its own folders. */
export type Into = { readonly name: string } | { readonly folderId: number } | null

/** What was found there, before anything is brought in. */
export interface Found {
  readonly sources: readonly ImportSourceView[]
  readonly total: number
  readonly sizeBytes: number
}

/** Hands a file to the engine piece by piece; `onProgress` hears how many bytes of it went. */
async function send(file: File, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  const { handle } = await api.imports.upload.begin({
    filename: file.name.slice(0, 500) || 'mail',
    sizeBytes: file.size,
  })
  try {
    for (let at = 0; at < file.size; at += CHUNK_BYTES) {
      signal.throwIfAborted()
      const bytes = new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer())
      await api.imports.upload.chunk({ handle, base64: toBase64(bytes) })
      onProgress(at + bytes.length)
    }
    return handle
  } catch (error) {
    await api.imports.upload.drop({ handle }).catch(() => undefined)
    throw error
  }
}

/** Files on their way to the engine, from 0 to 1; null while none is. */
export function useSending() {
  const [sent, setSent] = useState<number | null>(null)
  const sendAll = async (files: readonly File[], signal: AbortSignal): Promise<string[]> => {
    const empty = files.find(({ size }) => size === 0)
    if (empty !== undefined) throw new Error(`“${empty.name}” is empty`)
    const total = files.reduce((sum, { size }) => sum + size, 0)
    const handles: string[] = []
    let before = 0
    setSent(0)
    try {
      for (const file of files) {
        handles.push(await send(file, (bytes) => setSent((before + bytes) / total), signal))
        before += file.size
      }
      return handles
    } catch (error) {
      for (const handle of handles) await api.imports.upload.drop({ handle }).catch(() => undefined)
      throw error
    } finally {
      setSent(null)
    }
  }
  return { sent, sendAll }
}
