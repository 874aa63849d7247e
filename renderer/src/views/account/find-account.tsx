import { useEffect, useRef, useState } from 'react'
import type { DiscoveredServer } from '../../../../core/rpc/discovery-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { toast } from '../../state/toasts.ts'
import { useLive } from '../../state/use-live.ts'
import type { AccountSettings } from './account-fields.tsx'
import { AccountFooter, TestAndAdd } from './account-footer.tsx'
import { addAccount } from './add-account.ts'
import { DiscoveryPane } from './discovery-pane.tsx'
import { FoundServers } from './found-servers.tsx'
import { LiveTest } from './live-test.tsx'
import { useDiscovery } from './use-discovery.ts'
import { useSignIn } from './use-sign-in.ts'
import { useTest } from './use-test.ts'
import { t, told, tx } from '../../words/words.ts'

interface Props {
  /** Looked for at once: the address, and whether its mail is to leave there. */
  readonly first?: { readonly address: string; readonly sendsToo: boolean }
  /** Somebody would rather type the settings; what was typed of the address goes along. */
  readonly onManual: (address: string) => void
  readonly onClose: () => void
}

/** An account by its address alone: looked for, agreed to, tested live, added with the way its mail leaves. */
export function FindAccount({ first, onManual, onClose }: Props) {
  const { identities } = useEngine()
  const [address, setAddress] = useState(first?.address ?? '')
  const [password, setPassword] = useState('')
  const [incomingAt, setIncomingAt] = useState(0)
  const [outgoingAt, setOutgoingAt] = useState(first?.sendsToo === true ? 0 : -1)
  const [asOther, setAsOther] = useState(false)
  const [agreed, setAgreed] = useState<ReadonlySet<string>>(new Set())
  const [problem, setProblem] = useState<string>()
  const [adding, setAdding] = useState(false)
  const providers = useLive('sign-in providers', () => api.signIn.providers())
  const { discovery, run: discover, reset } = useDiscovery()
  const { test, run: runTest, reset: resetTest } = useTest()
  const signIn = useSignIn()

  const found = discovery.at === 'running' || discovery.at === 'ended' ? discovery.found : undefined
  const incoming = found?.incoming[incomingAt]
  const outgoing = found?.outgoing[outgoingAt]
  const provider =
    incoming?.auth === 'oauth2' && providers.at === 'ready'
      ? providers.value.find(({ id }) => id === incoming.provider)
      : undefined
  const by = signIn.state.at === 'done' ? signIn.state.by : undefined
  const isAddress = /^[^\s@]+@[^\s@]+$/.test(address.trim())
  const mayDial = (server: DiscoveredServer | undefined) =>
    server === undefined || !server.needsConsent || agreed.has(server.host)
  const secret =
    by !== undefined && by.provider === provider?.id ? { signInId: by.id } : password === '' ? undefined : { password }
  const settings: AccountSettings | undefined =
    incoming === undefined || incoming.kind === 'smtp' || secret === undefined || !mayDial(incoming)
      ? undefined
      : {
          kind: incoming.kind,
          host: incoming.host,
          port: incoming.port,
          tls: incoming.tls,
          user: asOther ? (incoming.otherUser ?? incoming.user) : incoming.user,
          ...secret,
        }
  const isReady = settings !== undefined && mayDial(outgoing) && !adding && test.at !== 'running'
  const isTested = test.at === 'passed' && test.of === JSON.stringify(settings)

  const begun = useRef(false)
  useEffect(() => {
    if (first === undefined || begun.current) return
    begun.current = true
    void discover(first.address)
  }, [first, discover])
  const look = () => {
    setIncomingAt(0)
    setOutgoingAt(first?.sendsToo === true ? 0 : -1)
    setAsOther(false)
    setProblem(undefined)
    resetTest()
    signIn.reset()
    void discover(address.trim())
  }
  /** Who is refused by the whole address is perhaps known there by its local part (RFC 6186 §4). */
  const tryLogin = async (as: AccountSettings) => {
    const { steps } = await runTest(as)
    const other = incoming?.otherUser ?? null
    if (asOther || other === null || !steps.some(({ step, state }) => step === 'login' && state === 'failed')) return
    if ((await runTest({ ...as, user: other })).at === 'passed') setAsOther(true)
  }
  const add = async () => {
    if (settings === undefined) return
    setAdding(true)
    setProblem(undefined)
    try {
      const account = await addAccount(address, settings, true)
      if (outgoing !== undefined) await sendBy(outgoing)
      onClose()
      toast(t('{name} added.', { name: account.name }), { icon: 'ok' })
      void getMail(true)
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setAdding(false)
    }
  }
  /** Mail of this address leaves through that server from now on. */
  const sendBy = async ({ host, port, tls, otherUser, ...server }: DiscoveredServer) => {
    const user = asOther ? (otherUser ?? server.user) : server.user
    const login = by === undefined ? { user, kind: 'password' as const, secret: password } : { user, signInId: by.id }
    const route = await api.route.add({ host, port, tls, login })
    const mine = identities.find((one) => one.address.toLowerCase() === address.trim().toLowerCase())
    await api.identity.save({
      ...(mine === undefined ? {} : { id: mine.id }),
      name: mine?.name ?? identities[0]?.name ?? '',
      address: address.trim(),
      routeId: route.id,
    })
  }
  const agree = (server: DiscoveredServer | undefined) => (on: boolean) => {
    if (server === undefined) return
    const next = new Set(agreed)
    if (on) next.add(server.host)
    else next.delete(server.host)
    setAgreed(next)
  }
  const hasFound = found !== undefined && found.incoming.length > 0
  return (
    <form
      className="two-sides"
      onSubmit={(event) => {
        event.preventDefault()
        if (!hasFound) {
          if (isAddress && discovery.at !== 'running') look()
        } else if (isTested) void add()
        else if (settings !== undefined) void tryLogin(settings)
      }}
    >
      <div className="side">
        <p className="quiet lead">
          {tx(
            'Mail is kept on this computer, encrypted, and so is the password. <button>Enter the settings by hand</button>',
            {
              button: (words) => (
                <button type="button" className="linklike" onClick={() => onManual(address.trim())}>
                  {words}
                </button>
              ),
            },
          )}
        </p>
        <Field
          label={t('Mail address')}
          inputMode="email"
          autoComplete="email"
          spellCheck={false}
          value={address}
          onChange={(next) => {
            setAddress(next)
            if (discovery.at !== 'idle') reset()
          }}
        />
        {hasFound ? (
          <>
            <FoundServers
              legend={t('Mail comes from')}
              servers={found.incoming}
              chosen={incomingAt}
              agreed={incoming !== undefined && agreed.has(incoming.host)}
              onChoose={(at) => {
                setIncomingAt(at)
                setAsOther(false)
                resetTest()
              }}
              onAgree={agree(incoming)}
            />
            {provider === undefined ? null : (
              <SignInBox
                provider={provider}
                state={signIn.state}
                onStart={() => void signIn.start({ provider: provider.id, user: incoming?.user ?? address.trim() })}
              />
            )}
            {by === undefined ? (
              <Field
                label={provider === undefined ? t('Password') : t('or an app password')}
                type="password"
                autoComplete="current-password"
                value={password}
                onChange={setPassword}
              />
            ) : null}
            {found.outgoing.length === 0 ? null : (
              <FoundServers
                legend={t('Mail of this address leaves')}
                servers={found.outgoing}
                chosen={outgoingAt}
                none={t('as it does now')}
                agreed={outgoing !== undefined && agreed.has(outgoing.host)}
                onChoose={setOutgoingAt}
                onAgree={agree(outgoing)}
              />
            )}
          </>
        ) : null}
      </div>
      {test.at === 'idle' ? (
        <DiscoveryPane discovery={discovery} />
      ) : (
        <LiveTest test={test} kind={incoming?.kind === 'imap' ? 'imap' : 'pop3'} isOpenTls />
      )}
      <AccountFooter problem={problem} onClose={onClose}>
        {hasFound ? (
          <TestAndAdd
            test={test}
            isTested={isTested}
            canTest={settings !== undefined}
            canAdd={isReady}
            onTest={() => (settings === undefined ? undefined : void tryLogin(settings))}
            onAdd={() => void add()}
          />
        ) : discovery.at === 'ended' ? (
          <Button kind="primary" onClick={() => onManual(address.trim())}>
            {t('Enter the settings by hand')}
          </Button>
        ) : (
          <Button kind="primary" submit icon="search" disabled={!isAddress || discovery.at === 'running'}>
            {discovery.at === 'running' ? t('Looking') : t('Find the settings')}
          </Button>
        )}
      </AccountFooter>
    </form>
  )
}

interface SignInProps {
  readonly provider: Awaited<ReturnType<typeof api.signIn.providers>>[number]
  readonly state: ReturnType<typeof useSignIn>['state']
  readonly onStart: () => void
}

function SignInBox({ provider, state, onStart }: SignInProps) {
  return (
    <div className="sign-in">
      {state.at === 'done' ? (
        <p className="notice ok" role="status">
          <Icon name="ok" />{' '}
          <span>
            {t('Signed in with {providerName} as {user}.', {
              providerName: state.by.providerName,
              user: state.by.user,
            })}
          </span>
        </p>
      ) : (
        <Button icon="external" disabled={!provider.isReady || state.at === 'waiting'} onClick={onStart}>
          {state.at === 'waiting' ? t('Waiting for your browser') : t('Sign in with {name}', { name: provider.name })}
        </Button>
      )}
      {provider.hint === '' ? null : <p className="quiet">{told(provider.hint)}</p>}
      {state.at === 'waiting' ? (
        <p className="quiet" role="status">
          {tx('If no page opened, <a>open it here</a>.', {
            a: (words) => (
              <a href={state.url} target="_blank" rel="noopener noreferrer">
                {words}
              </a>
            ),
          })}
        </p>
      ) : null}
      {state.at === 'failed' ? (
        <p className="danger" role="alert">
          {state.message}
        </p>
      ) : null}
    </div>
  )
}
