import { useState } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { FindAccount } from './find-account.tsx'
import { ManualAccount } from './manual-account.tsx'

/** Adds an account: found by its address, or entered by hand. */
export function AccountDialog({ onClose }: { readonly onClose: () => void }) {
  const [address, setAddress] = useState<string | null>(null)
  return (
    <Dialog title="Add an account" isOpen wide onClose={onClose}>
      {address === null ? (
        <FindAccount onManual={setAddress} onClose={onClose} />
      ) : (
        <ManualAccount address={address} onFind={() => setAddress(null)} onClose={onClose} />
      )}
    </Dialog>
  )
}
