import { useState } from 'react'
import { wordsOf } from '../../bridge/client.ts'
import { Field } from '../../parts/field.tsx'
import { toast } from '../../state/toasts.ts'
import { getMail } from '../../state/actions.ts'
import { AccountFields, emptyAccount, settingsOf } from './account-fields.tsx'
import { LiveTest } from './live-test.tsx'
import { useTest } from './use-test.ts'

import { AccountFooter, TestAndAdd } from './account-footer.tsx'
import { addAccount } from './add-account.ts'
import { t, tx } from '../../words/words.ts'
interface Props {
  /** What is known of whom it is for; '' where nothing is. */
  readonly address: string
  readonly onFind: () => void
  readonly onClose: () => void
}

/** An account entered by hand: type, test while watching, add. */
export function ManualAccount({ address, onFind, onClose }: Props) {
  const [name, setName] = useState('')
  const [form, setForm] = useState({ ...emptyAccount, user: address })
  const [problem, setProblem] = useState<string>()
  const [adding, setAdding] = useState(false)
  const { test, run } = useTest()
  const settings = settingsOf(form)
  const isTested = test.at === 'passed' && settings !== undefined && test.of === JSON.stringify(settings)

  const add = async () => {
    if (settings === undefined) return
    setAdding(true)
    setProblem(undefined)
    try {
      const account = await addAccount(name, settings, form.keep)
      onClose()
      toast(t('{name} added.', { name: account.name }), { icon: 'ok' })
      void getMail(true)
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setAdding(false)
    }
  }
  return (
    <form
      className="two-sides"
      onSubmit={(event) => {
        event.preventDefault()
        if (isTested) void add()
        else if (settings !== undefined) void run(settings)
      }}
    >
      <div className="side">
        <p className="quiet lead">
          {tx(
            'Mail is kept on this computer, encrypted, and so is the password. <button>Find the settings instead</button>',
            {
              button: (words) => (
                <button type="button" className="linklike" onClick={onFind}>
                  {words}
                </button>
              ),
            },
          )}
        </p>
        <Field
          label={t('Name')}
          value={name}
          placeholder={form.user || t('Work')}
          autoComplete="off"
          onChange={setName}
          hint={t('What the folders are called.')}
        />
        <AccountFields form={form} onChange={setForm} />
      </div>
      <LiveTest test={test} kind={form.kind} isOpenTls={form.tls !== 'none'} />
      <AccountFooter problem={problem} onClose={onClose}>
        <TestAndAdd
          test={test}
          isTested={isTested}
          canTest={settings !== undefined}
          canAdd={settings !== undefined && !adding}
          onTest={() => (settings === undefined ? undefined : void run(settings))}
          onAdd={() => void add()}
        />
      </AccountFooter>
    </form>
  )
}
