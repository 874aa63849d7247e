import { useState } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { FindAccount } from './find-account.tsx'
import { ManualAccount } from './manual-account.tsx'
import { t } from '../../words/words.ts'

interface Props {
  /** Looked for at once: the address, and whether its mail is to leave there. */
  readonly first?: { readonly address: string; readonly sendsToo: boolean }
  readonly onClose: () => void
}

/** Adds an account: found by its address, or entered by hand. */
export function AccountDialog({ first, onClose }: Props) {
  const [address, setAddress] = useState<string | null>(null)
  return (
    <Dialog title={t('Add an account')} isOpen wide onClose={onClose}>
      {address === null ? (
        <FindAccount {...(first === undefined ? {} : { first })} onManual={setAddress} onClose={onClose} />
      ) : (
        <ManualAccount address={address} onFind={() => setAddress(null)} onClose={onClose} />
      )}
    </Dialog>
  )
}
