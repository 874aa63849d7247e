import { useState } from 'react'
import type { ConsoleView } from '../../../../core/rpc/console-contract.ts'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { clockSeconds } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { go } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'
import { lastLine, ReplayFields, useStored } from './replay-fields.tsx'

type Protocol = 'smtp' | 'pop3'
type Security = 'none' | 'starttls' | 'implicit'

interface Place {
  readonly protocol: Protocol
  readonly host: string
  readonly port: string
  readonly tls: Security
}

const USUAL: Readonly<Record<Protocol, Readonly<Record<Security, string>>>> = {
  smtp: { none: '25', starttls: '25', implicit: '465' },
  pop3: { none: '110', starttls: '110', implicit: '995' },
}
const FIRST: Place = { protocol: 'smtp', host: '', port: '25', tls: 'none' }

interface Props {
  readonly from: { readonly sessionId: number; readonly seq: number | null } | null
}

/** Where to go: any host and port, one of one's own servers, or a stored session that is said again up to a line. */
export function StartPane({ from }: Props) {
  const { status } = useEngine()
  const stored = useStored(from?.sessionId ?? null)
  const [typed, setTyped] = useState<Partial<Place>>({})
  const [upto, setUpto] = useState<number | null>(from?.seq ?? null)
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const lab = useLive('lab of the console', () => api.lab.get(), { changes: api.lab.changes })
  const open = useLive('sessions of the console', () => api.console.list(), { changes: api.console.changes })
  const place: Place = { ...FIRST, ...(stored && placeOf(stored.session)), ...typed }
  const lines = stored?.lines ?? []
  const change = (more: Partial<Place>) => {
    const next = { ...place, ...more }
    const wasUsual = place.port === USUAL[place.protocol][place.tls]
    setProblem(undefined)
    setTyped({ ...next, ...(wasUsual && more.port === undefined && { port: USUAL[next.protocol][next.tls] }) })
  }
  const begin = async (to: Place) => {
    setBusy(true)
    setProblem(undefined)
    try {
      const seq = upto ?? lastLine(lines)?.seq
      const { id } = await api.console.open({
        protocol: to.protocol,
        host: to.host,
        port: Number(to.port),
        tls: to.tls,
        ...(from !== null && seq !== undefined && { replay: { sessionId: from.sessionId, seq } }),
      })
      go({ view: 'console', id, from: null })
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  const port = Number(place.port)
  const isReady = place.host.trim() !== '' && Number.isInteger(port) && port > 0 && port < 65_536

  return (
    <div className="scroll start">
      <form
        className="sheet"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !busy) void begin(place)
        }}
      >
        <section>
          <h2>{from === null ? t('Where to?') : t('Start from this session')}</h2>
          <p className="quiet">
            {from === null
              ? t(
                  'A real session is opened, and everything you say really happens. It is written to the protocol log; passwords are not.',
                )
              : t(
                  'What was said then is said again, up to the line you choose. Passwords and messages are not: there it is your turn.',
                )}
          </p>
        </section>
        <div className="fields">
          <Select
            className="wide"
            label={t('Protocol')}
            value={place.protocol}
            options={[
              { value: 'smtp', label: t('SMTP: give mail') },
              { value: 'pop3', label: t('POP3: fetch mail') },
            ]}
            onChange={(protocol) => change({ protocol })}
          />
          <Select
            className="half"
            label={t('Encryption')}
            value={place.tls}
            options={[
              { value: 'none', label: t('Begin in the clear') },
              {
                value: 'starttls',
                label: place.protocol === 'pop3' ? t('Encrypt at once with STLS') : t('Encrypt at once with STARTTLS'),
              },
              { value: 'implicit', label: t('TLS from the first byte') },
            ]}
            onChange={(tls) => change({ tls })}
          />
          <Field
            className="place"
            label={t('Server')}
            value={place.host}
            placeholder="mx.example.org"
            // eslint-disable-next-line jsx-a11y/no-autofocus -- the page is this form
            autoFocus
            spellCheck={false}
            autoCapitalize="off"
            onChange={(host) => change({ host })}
          />
          <Field label={t('Port')} value={place.port} inputMode="numeric" onChange={(next) => change({ port: next })} />
        </div>
        {from === null ? null : <ReplayFields lines={lines} upto={upto} onUpto={setUpto} />}
        {problem === undefined ? null : (
          <p className="notice danger" role="alert">
            <Icon name="alert" />
            <span>{problem}</span>
          </p>
        )}
        <footer>
          <Button kind="primary" icon="plug" submit disabled={!isReady || busy}>
            {from === null ? t('Connect') : t('Connect and say it again')}
          </Button>
        </footer>
      </form>
      {from !== null ? null : (
        <OwnServers
          places={ownPlaces(status, lab.at === 'ready' ? lab.value.port : null)}
          onPick={(own) => void begin(own.place)}
        />
      )}
      {open.at !== 'ready' || open.value.length === 0 ? null : <Earlier sessions={open.value} />}
    </div>
  )
}

function placeOf({
  protocol,
  peer,
  address,
  tls,
}: SessionView & { readonly tls: boolean; readonly isTlsFirst?: boolean }): Partial<Place> {
  const [, port = ''] = /:(\d+)$/.exec(address) ?? []
  const spoken = protocol === 'pop3' ? 'pop3' : 'smtp'
  const isTlsFirst = tls && port === USUAL[spoken].implicit
  return { protocol: spoken, host: peer, port, tls: isTlsFirst ? 'implicit' : 'none' }
}

interface Own {
  readonly name: string
  readonly place: Place
}

type Status = ReturnType<typeof useEngine>['status']
/** The servers of this very Posthorn that listen now. */
function ownPlaces({ submission, submissionTls, inbound, pop3 }: Status, lab: number | null): Own[] {
  const at = (host: string) => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)
  const own = (name: string, protocol: Protocol, tls: Security, host: string, port: number): Own => ({
    name,
    place: { protocol, tls, host: at(host), port: String(port) },
  })
  return [
    ...(submission === null ? [] : [own(t('Submission'), 'smtp', 'none', submission.host, submission.port)]),
    ...(submissionTls === null
      ? []
      : [own(t('Submission inside TLS'), 'smtp', 'implicit', submissionTls.host, submissionTls.port)]),
    ...(inbound.state === 'listening' && inbound.port !== null
      ? [own(t('Mail from other servers'), 'smtp', 'none', inbound.host, inbound.port)]
      : []),
    ...(pop3.state === 'listening' && pop3.port !== null
      ? [own(t('POP3 server'), 'pop3', 'none', pop3.host, pop3.port)]
      : []),
    ...(lab === null ? [] : [own(t('Rehearsal lab'), 'smtp', 'none', '127.0.0.1', lab)]),
  ]
}

function OwnServers({ places, onPick }: { readonly places: readonly Own[]; readonly onPick: (own: Own) => void }) {
  if (places.length === 0) return null
  return (
    <section className="sheet own" aria-label={t('Your own servers')}>
      <h2>{t('Your own servers')}</h2>
      <p className="quiet">{t('They listen on this computer: a good place to try things out.')}</p>
      <ul>
        {places.map((own) => (
          <li key={`${own.name} ${own.place.port}`}>
            <button type="button" className="own-server" onClick={() => onPick(own)}>
              <Icon name="server" />
              <span className="grow">{own.name}</span>
              <span className="mono quiet">{`${own.place.host}:${own.place.port}`}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Earlier({ sessions }: { readonly sessions: readonly ConsoleView[] }) {
  return (
    <section className="sheet own" aria-label={t('Sessions of today')}>
      <h2>{t('Sessions of today')}</h2>
      <ul>
        {sessions.map(({ id, host, port, protocol, startedMs, stage }) => (
          <li key={id}>
            <button type="button" className="own-server" onClick={() => go({ view: 'console', id, from: null })}>
              <Icon name={stage === 'over' ? 'clock' : 'plug'} />
              <span className="grow clip">
                <bdi>{`${visible(host)}:${port}`}</bdi>
              </span>
              <span className="quiet num">
                {stage === 'over'
                  ? t('{protocol}, {time}', { protocol: protocol.toUpperCase(), time: clockSeconds(startedMs) })
                  : t('{protocol}, open since {time}', {
                      protocol: protocol.toUpperCase(),
                      time: clockSeconds(startedMs),
                    })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
