import { useId } from 'react'
import type { DiscoveredServer } from '../../../../core/rpc/discovery-contract.ts'
import { Choice } from '../../parts/choice.tsx'
import { visible } from '../../format/wire-text.ts'
import { t, told } from '../../words/words.ts'

interface Props {
  readonly legend: string
  readonly servers: readonly DiscoveredServer[]
  /** -1 for none of them. */
  readonly chosen: number
  /** What none of them means; where this is left out, one has to be chosen. */
  readonly none?: string
  readonly agreed: boolean
  readonly onChoose: (at: number) => void
  readonly onAgree: (agreed: boolean) => void
}

/** Servers that were found, each with why; one outside of the address's domain has to be agreed to. */
export function FoundServers({ legend, servers, chosen, none, agreed, onChoose, onAgree }: Props) {
  const group = useId()
  const server = servers[chosen]
  return (
    <fieldset className="servers">
      <legend>{legend}</legend>
      <div className="choices">
        {servers.map((one, at) => (
          <Choice
            key={`${one.kind} ${one.host} ${one.port} ${one.user}`}
            name={group}
            on={at === chosen}
            title={titleOf(one)}
            text={told(visible(one.why))}
            onPick={() => onChoose(at)}
          />
        ))}
        {none === undefined ? null : (
          <Choice name={group} on={chosen === -1} title={none} text="" onPick={() => onChoose(-1)} />
        )}
      </div>
      {server?.needsConsent === true ? (
        <label className="check notice warn">
          <input type="checkbox" checked={agreed} onChange={(event) => onAgree(event.target.checked)} />
          <span>{told(visible(server.consent))}</span>
        </label>
      ) : null}
    </fieldset>
  )
}

function titleOf({ kind, host, port, tls }: DiscoveredServer): string {
  const how = tls === 'implicit' ? 'TLS' : kind === 'pop3' ? 'STLS' : 'STARTTLS'
  return t('{kind} at {host}:{port}, {how}', { kind: kind.toUpperCase(), host: visible(host), port, how })
}
