import { Dialog } from '../../parts/dialog.tsx'

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Anywhere',
    [
      ['N or C', 'New message'],
      ['Ctrl K or /', 'Search all mail'],
      ['F12', 'Protocol log'],
      ['Shift F12', 'Sessions of this message'],
      ['G then I', 'Inbox'],
      ['G then Q', 'Queue'],
      ['Ctrl ,', 'Settings'],
      ['?', 'These keys'],
    ],
  ],
  [
    'In the list',
    [
      ['↓ ↑ or J K', 'Next, previous'],
      ['Shift ↓ ↑', 'Select several'],
      ['Ctrl A', 'Select all'],
      ['A or E', 'Archive'],
      ['Del', 'Delete'],
      ['Ctrl Z', 'Undo'],
      ['M', 'Read or unread'],
      ['S', 'Star'],
      ['R or Shift R', 'Reply, reply all'],
      ['F', 'Forward'],
    ],
  ],
  [
    'Writing',
    [
      ['Ctrl Enter', 'Send'],
      ['Esc', 'Close, keep the draft'],
    ],
  ],
]

/** The keys, on one page. */
export function KeysDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" isOpen={isOpen} onClose={onClose}>
      <div className="dialog-body keys">
        {KEYS.map(([where, list]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {list.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <p className="quiet">Letters work while the list or the message has the focus, never while you type.</p>
      </div>
    </Dialog>
  )
}
