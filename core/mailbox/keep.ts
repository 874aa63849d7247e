import { CHUNK_BYTES } from '../store/blob.ts'
import type { Body, Store } from '../store/types.ts'

/** Bytes ready to be handed to a write operation: small ones as they are, larger ones staged first. */
export async function toBody(store: Pick<Store, 'stage'>, raw: Uint8Array): Promise<Body> {
  if (raw.length <= CHUNK_BYTES) return { raw }
  const staged = await store.stage()
  try {
    for (let from = 0; from < raw.length; from += CHUNK_BYTES)
      await staged.append(raw.subarray(from, from + CHUNK_BYTES))
    return await staged.finish()
  } catch (error) {
    await staged.drop()
    throw error
  }
}
