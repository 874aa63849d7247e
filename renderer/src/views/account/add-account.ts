import { api } from '../../bridge/client.ts'
import type { AccountSettings } from './account-fields.tsx'

/** How often a new account is fetched, until somebody says otherwise. */
const EVERY_SECONDS = 300

/** Adds an account whose name is what people call it. */
export function addAccount(name: string, settings: AccountSettings, keep: boolean) {
  return api.account.add({ ...settings, name: name.trim() || settings.user, keep, everySeconds: EVERY_SECONDS })
}
