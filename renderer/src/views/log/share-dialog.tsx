import { useState } from 'react'
import type { RedactionView } from '../../../../core/rpc/log-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Check } from '../../parts/field.tsx'
import { saveBytes } from '../../state/actions.ts'
import { said, t, told } from '../../words/words.ts'

type Format = Parameters<typeof api.log.share>[0]['format']
const FORMATS: readonly (readonly [Format, string, string])[] = [
  ['dialogue', said('Dialogue'), said('Text, for people and mails; Posthorn can play it again.')],
  ['json', 'JSON', said('With times, TLS and sizes; Posthorn and other programs can open it.')],
  ['pcapng', said('Capture for Wireshark'), said('As packets, so that Wireshark follows the streams.')],
  ['eml', said('Message'), said('A mail with dialogue and JSON attached.')],
]

/** Makes a file of sessions, and says what is not in it before it leaves the computer. */
export function ShareDialog({ ids, onClose }: { readonly ids: readonly number[]; readonly onClose: () => void }) {
  const [format, setFormat] = useState<Format>('dialogue')
  const [pseudonyms, setPseudonyms] = useState(false)
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [made, setMade] = useState<Awaited<ReturnType<typeof api.log.share>> & { readonly of: string }>()
  const of = `${format} ${pseudonyms}`
  const file = made?.of === of ? made : undefined
  const make = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setMade({ ...(await api.log.share({ ids: [...ids], format, pseudonyms })), of })
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={ids.length === 1 ? t('Share this session') : t('Share {length} sessions', { length: ids.length })}
      isOpen
      onClose={onClose}
    >
      <div className="dialog-body">
        <div className="choices">
          {FORMATS.map(([value, title, text]) => (
            <Choice
              key={value}
              name="format"
              on={format === value}
              title={told(title)}
              text={told(text)}
              onPick={() => setFormat(value)}
            />
          ))}
        </div>
        <Check
          label={t('With other names for people, addresses and hosts')}
          hint={t('The same one always has the same other name.')}
          checked={pseudonyms}
          onChange={setPseudonyms}
        />
        {file === undefined ? null : <Redaction redaction={file.redaction} />}
        {problem === undefined ? null : (
          <p className="danger" role="alert">
            {problem}
          </p>
        )}
      </div>
      <footer>
        <Button kind="plain" onClick={onClose}>
          {t('Cancel')}
        </Button>
        {file === undefined ? (
          <Button kind="primary" disabled={busy} onClick={() => void make()}>
            {busy ? t('Working') : t('Make the file')}
          </Button>
        ) : (
          <Button
            kind="primary"
            icon="download"
            onClick={() => {
              saveBytes(file.handle, file.filename)
              onClose()
            }}
          >
            {t('Save, {sizeBytes}', { sizeBytes: size(file.sizeBytes) })}
          </Button>
        )}
      </footer>
    </Dialog>
  )
}

function Redaction({ redaction }: { readonly redaction: RedactionView }) {
  const { secrets, contents, replaced } = redaction
  return (
    <section aria-label={t('What is not in it')} className="redaction">
      <p role="status">
        {t(
          '{secrets, plural, =0 {No secret was said in it.} one {# secret left out, as in the log itself.} other {# secrets left out, as in the log itself.}}',
          { secrets },
        )}
        {contents === 0 ? null : ' '}
        {contents === 0
          ? null
          : t('Of {contents, plural, one {# message} other {# messages}} only the size is said.', { contents })}
      </p>
      {replaced.length === 0 ? null : (
        <details>
          <summary>{t('{count, plural, one {# name} other {# names}} replaced', { count: replaced.length })}</summary>
          <ul>
            {replaced.map((one) => (
              <li key={`${one.kind} ${one.from}`} className="mono">
                <bdi>{visible(one.from)}</bdi> → <bdi>{visible(one.to)}</bdi>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
