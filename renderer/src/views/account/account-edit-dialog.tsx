import { useState } from 'react'
import type { AccountView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { t } from '../../words/words.ts'

type Stay = 'always' | 'days' | 'removed' | 'never'

function stayOf({ keep, pop3 }: AccountView): Stay {
  if (!keep) return 'never'
  if ((pop3?.deleteAfterDays ?? null) !== null) return 'days'
  return pop3?.deleteWhenRemoved === true ? 'removed' : 'always'
}

/** What becomes of an account's mail on its server, how often it is looked at, and its password. */
export function AccountEditDialog({
  account,
  onClose,
}: {
  readonly account: AccountView
  readonly onClose: () => void
}) {
  const { pop3, imap } = account
  const [name, setName] = useState(account.name)
  const [minutes, setMinutes] = useState(`${Math.round(account.everySeconds / 60)}`)
  const [password, setPassword] = useState('')
  const [stay, setStay] = useState<Stay>(stayOf(account))
  const [days, setDays] = useState(`${pop3?.deleteAfterDays ?? 14}`)
  const [large, setLarge] = useState(`${pop3?.headersOnlyOverMb ?? ''}`)
  const [newestFirst, setNewestFirst] = useState(pop3?.newestFirst ?? false)
  const [headersFirst, setHeadersFirst] = useState(pop3?.headersFirst ?? 'auto')
  const [allowApop, setAllowApop] = useState(pop3?.allowApop ?? true)
  const [sentCopy, setSentCopy] = useState(imap?.sentCopy ?? 'append')
  const [drafts, setDrafts] = useState(imap?.drafts ?? 'server')
  const isWhole = (text: string, least: number, most: number) =>
    /^\d{1,5}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most
  const isReady =
    name.trim() !== '' &&
    isWhole(minutes, 1, 1440) &&
    (stay !== 'days' || isWhole(days, 1, 3650)) &&
    (large.trim() === '' || isWhole(large, 1, 1024))
  const save = () =>
    api.account.save({
      id: account.id,
      name: name.trim(),
      everySeconds: Number(minutes) * 60,
      ...(password === '' ? {} : { password, login: account.login }),
      ...(imap === null ? {} : { sentCopy, drafts }),
      ...(pop3 === null
        ? {}
        : {
            keep: stay !== 'never',
            rules: {
              deleteAfterDays: stay === 'days' ? Number(days) : null,
              deleteWhenRemoved: stay === 'removed' || (stay === 'days' && pop3.deleteWhenRemoved),
              headersOnlyOverMb: large.trim() === '' ? null : Number(large),
              newestFirst,
              headersFirst,
              allowApop,
            },
          }),
    })
  return (
    <FormDialog
      title={t('Change {name}', { name: account.name })}
      action={t('Save')}
      isReady={isReady}
      onSave={save}
      onClose={onClose}
    >
      <Field label={t('Name')} value={name} autoComplete="off" onChange={setName} />
      <Field
        label={t('Minutes between two looks')}
        inputMode="numeric"
        value={minutes}
        problem={isWhole(minutes, 1, 1440) ? undefined : t('A whole number from 1 to 1440.')}
        hint={imap?.push === true ? t('New mail in the inbox comes at once, whatever stands here.') : undefined}
        onChange={setMinutes}
      />
      {pop3 === null ? null : (
        <>
          <Select
            label={t('Mail on the server')}
            value={stay}
            options={[
              { value: 'always', label: t('stays there') },
              { value: 'days', label: t('is deleted some days after it came') },
              { value: 'removed', label: t('is deleted when it is removed here for good') },
              { value: 'never', label: t('is deleted once it is here') },
            ]}
            onChange={setStay}
          />
          {stay === 'days' ? (
            <Field
              label={t('Days')}
              inputMode="numeric"
              value={days}
              problem={isWhole(days, 1, 3650) ? undefined : t('A whole number from 1 to 3650.')}
              onChange={setDays}
            />
          ) : null}
          <Field
            label={t('Of messages over so many MB, fetch only the header')}
            inputMode="numeric"
            value={large}
            placeholder={t('fetch all')}
            problem={large.trim() === '' || isWhole(large, 1, 1024) ? undefined : t('A whole number from 1 to 1024.')}
            onChange={setLarge}
          />
          <Check label={t('The newest mail first')} checked={newestFirst} onChange={setNewestFirst} />
          <Select
            label={t('Of much new mail, all headers first')}
            value={headersFirst}
            options={[
              { value: 'auto', label: t('on a slow line') },
              { value: 'always', label: 'always' },
              { value: 'never', label: 'never' },
            ]}
            onChange={setHeadersFirst}
          />
          <Check
            label={t('Sign in by APOP where the server offers nothing better')}
            hint={t('It is weak, and still better than a password in the clear.')}
            checked={allowApop}
            onChange={setAllowApop}
          />
        </>
      )}
      {imap === null ? null : (
        <Select
          label={t('Drafts')}
          value={drafts}
          options={[
            { value: 'server', label: t('are in the account’s Drafts folder, too') },
            { value: 'here', label: t('stay on this computer') },
          ]}
          onChange={setDrafts}
        />
      )}
      {imap === null ? null : (
        <Select
          label={t('A copy of mail that was sent')}
          value={sentCopy}
          options={[
            { value: 'append', label: t('is put into the account’s Sent folder by Posthorn') },
            { value: 'server', label: t('is kept by its server by itself') },
          ]}
          onChange={setSentCopy}
        />
      )}
      <Field
        label={account.login === 'token' ? t('Another token') : t('Another password')}
        type="password"
        value={password}
        autoComplete="new-password"
        placeholder={t('unchanged')}
        onChange={setPassword}
      />
    </FormDialog>
  )
}
