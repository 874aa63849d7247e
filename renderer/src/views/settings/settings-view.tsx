import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import { Icon } from '../../parts/icon.tsx'
import { PAGE, PAGES } from './setting-pages.ts'
import { settingSearch } from './setting-search.ts'
import { go, SETTINGS_PAGES, type SettingsPage } from '../../state/route.ts'
import { About } from './about.tsx'
import { Accounts } from './accounts.tsx'
import { AllSettings } from './all-settings.tsx'
import { Appearance } from './appearance.tsx'
import { Desktop } from './desktop.tsx'
import { Destinations } from './destinations.tsx'
import { Diagnostics } from './diagnostics.tsx'
import { Identities } from './identities.tsx'
import { Keys } from './keys.tsx'
import { LocalMail } from './local-mail.tsx'
import { Programs } from './programs.tsx'
import { Protection } from './protection.tsx'
import { Routes } from './routes.tsx'
import { Rules } from './rules.tsx'
import { LogSettings, Privacy } from './some-settings.tsx'
import { Signing } from './signing.tsx'
import { Tags } from './tags.tsx'
import { Transfer } from './transfer.tsx'
import { t, told } from '../../words/words.ts'

const VIEW: Readonly<Record<SettingsPage, () => React.ReactNode>> = {
  accounts: () => <Accounts />,
  identities: () => <Identities />,
  routes: () => <Routes />,
  signing: () => <Signing />,
  destinations: () => <Destinations />,
  programs: () => <Programs />,
  local: () => <LocalMail />,
  rules: () => <Rules />,
  tags: () => <Tags />,
  transfer: () => <Transfer />,
  log: () => <LogSettings />,
  privacy: () => <Privacy />,
  protection: () => <Protection />,
  appearance: () => <Appearance />,
  keys: () => <Keys />,
  desktop: () => <Desktop />,
  settings: () => <AllSettings />,
  diagnostics: () => <Diagnostics />,
  about: () => <About />,
}

/** Everything that can be set, by subject. */
export function SettingsView({ page }: { readonly page: SettingsPage }) {
  const typed = settingSearch.use()
  return (
    <main className="page settings" aria-label={t('Settings')}>
      <header className="page-head">
        <h1>{t('Settings')}</h1>
        <div className="field search">
          <Icon name="search" />
          <input
            type="search"
            aria-label={t('Find a setting')}
            placeholder={t('Find a setting')}
            value={typed}
            onChange={(event) => {
              settingSearch.set(event.target.value)
              if (page !== 'settings') go({ view: 'settings', page: 'settings' })
            }}
          />
        </div>
      </header>
      <Tabs
        className="settings-tabs"
        orientation="vertical"
        selectedKey={page}
        onSelectionChange={(key) => {
          const next = SETTINGS_PAGES.find((one) => one === key)
          if (next !== undefined) go({ view: 'settings', page: next })
        }}
      >
        <TabList aria-label={t('Settings')} className="tab-list">
          {PAGES.map((one) => (
            <Tab key={one} id={one} className="tab">
              <Icon name={PAGE[one].icon} />
              {told(PAGE[one].title)}
            </Tab>
          ))}
        </TabList>
        {PAGES.map((one) => (
          <TabPanel key={one} id={one} className="tab-panel">
            {VIEW[one]()}
          </TabPanel>
        ))}
      </Tabs>
    </main>
  )
}
