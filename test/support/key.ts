import { openVault } from '../../core/vault/key.ts'

/** The database key of a data folder, by the same way in as the product's. */
export function readKeyOf(dataFolder: string, keyFile: string): Buffer {
  return openVault({ folder: dataFolder, keyFile, create: false })
}
