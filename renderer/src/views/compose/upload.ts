import { api } from '../../bridge/client.ts'

const CHUNK_BYTES = 192 * 1024
/** What the engine takes of one message; as sent a file is a third longer, which the engine counts when all is together. */
const LARGEST_MIB = 50

/** Base64 of a stretch of bytes, without a string of a million arguments. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

/** Hands a file to the engine in chunks; `onProgress` hears how much went, from 0 to 1. */
export async function upload(file: File, onProgress: (done: number) => void, signal: AbortSignal): Promise<string> {
  if (file.size > LARGEST_MIB * 1024 * 1024) throw new Error(`it is larger than ${LARGEST_MIB} MiB`)
  const { handle } = await api.compose.upload.begin({
    filename: file.name.slice(0, 500) || 'file',
    contentType: (file.type || 'application/octet-stream').slice(0, 200),
    sizeBytes: file.size,
  })
  try {
    for (let at = 0; at < file.size; at += CHUNK_BYTES) {
      signal.throwIfAborted()
      const bytes = new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer())
      await api.compose.upload.chunk({ handle, base64: toBase64(bytes) })
      onProgress(Math.min(1, (at + bytes.length) / file.size))
    }
    onProgress(1)
    return handle
  } catch (error) {
    await api.compose.upload.drop({ handle }).catch(() => undefined)
    throw error
  }
}
