import { useState, type ReactNode } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import { Select } from '../parts/field.tsx'
import { ToastRegion } from '../parts/toast-region.tsx'
import { Colours, Icons, Space, Type } from './tokens.tsx'
import { Forms, Panes } from './panes.tsx'
import { Buttons, Fields, Lists, Overlays, Standing } from './shelves.tsx'

type Choice = 'light' | 'dark'
const DENSITIES = ['compact', 'normal', 'roomy'] as const

/** Every part of the window in every state, on one page: for those who build it. */
export function Gallery() {
  const [theme, setTheme] = useState<Choice>(
    globalThis.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
  )
  const [density, setDensity] = useState<(typeof DENSITIES)[number]>('normal')
  const [direction, setDirection] = useState<'ltr' | 'rtl'>('ltr')
  // Before the parts are drawn: the colours are read from the page as it is then.
  Object.assign(document.documentElement.dataset, { theme, density })
  document.documentElement.dir = direction
  return (
    <div className="gallery">
      <header>
        <h1>Parts of Posthorn</h1>
        <Select
          label="Theme"
          value={theme}
          options={[
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          onChange={setTheme}
        />
        <Select
          label="Density"
          value={density}
          options={DENSITIES.map((value) => ({ value, label: value }))}
          onChange={setDensity}
        />
        <Select
          label="Direction"
          value={direction}
          options={[
            { value: 'ltr', label: 'Left to right' },
            { value: 'rtl', label: 'Right to left' },
          ]}
          onChange={setDirection}
        />
      </header>
      <main>
        <Shelf title="Type">
          <Type />
        </Shelf>
        <Shelf title="Space">
          <Space />
        </Shelf>
        <Shelf title="Colour">
          <Colours key={theme} />
        </Shelf>
        <Shelf title="Icons">
          <Icons />
        </Shelf>
        <Shelf title="Buttons">
          <Buttons />
        </Shelf>
        <Shelf title="Fields">
          <Fields />
        </Shelf>
        <Shelf title="Lists">
          <Lists />
        </Shelf>
        <Shelf title="What stands in a pane">
          <Standing />
        </Shelf>
        <Shelf title="Tabs">
          <Tabs className="settings-tabs">
            <TabList aria-label="Pages" className="tab-list">
              <Tab id="one" className="tab">
                One
              </Tab>
              <Tab id="two" className="tab">
                Two
              </Tab>
              <Tab id="three" className="tab" isDisabled>
                Three
              </Tab>
            </TabList>
            <TabPanel id="one" className="tab-panel">
              The first page.
            </TabPanel>
            <TabPanel id="two" className="tab-panel">
              The second page.
            </TabPanel>
          </Tabs>
        </Shelf>
        <Shelf title="Panes">
          <Panes />
        </Shelf>
        <Shelf title="What floats">
          <Overlays />
          <Forms />
        </Shelf>
      </main>
      <ToastRegion />
    </div>
  )
}

function Shelf({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}
