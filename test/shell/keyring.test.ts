import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { barriers } from '../support/browser.ts'
import { needs } from '../support/peers.ts'
import { Application, ShellHome } from './application.ts'

/** Who opens the mail of a desktop: its keychain, and what is left when that is lost. */
const { describe } = needs('chromium')
const SAID = 'a passphrase of tests'

describe('the keychain', () => {
  const opened = async (home: ShellHome, prepare?: Parameters<typeof Application.start>[1]) => {
    const application = await Application.start(home.argv, { pages: true, ...prepare })
    onTestFinished(() =>
      application.quit().then(
        () => undefined,
        () => undefined,
      ),
    )
    return { application, page: await application.page() }
  }
  const protection = async (page: Awaited<ReturnType<Application['page']>>) => {
    await page.getByRole('button', { name: 'Skip for now' }).click()
    await page.evaluate(() => (location.hash = '#/settings/protection'))
    await page.getByRole('heading', { name: 'Protection' }).waitFor()
  }

  test('opens the mail without a key file, and where it is lost the passphrase does', async () => {
    const home = new ShellHome()
    onTestFinished(() => home.remove())
    const first = await opened(home)
    await protection(first.page)
    await first.page.getByRole('button', { name: 'Set a passphrase' }).click()
    await first.page.getByLabel('New passphrase').fill(SAID)
    await first.page.getByLabel('The same again').fill(SAID)
    await first.page.getByRole('button', { name: 'Set', exact: true }).click()
    await first.page.getByRole('button', { name: 'Use the keychain' }).click()
    await first.page.getByRole('textbox', { name: 'Passphrase' }).fill(SAID)
    await first.page.getByRole('dialog').getByRole('button', { name: 'Use the keychain' }).click()
    const keychain = first.page.getByRole('listitem', { name: 'Keychain' })
    await keychain.getByRole('button', { name: 'Use the key file' }).waitFor()
    await keychain.getByText('the keyring of this desktop').waitFor()
    await first.application.quit()
    rmSync(home.keyFile)

    const second = await opened(home)
    await second.page.getByRole('button', { name: 'Skip for now' }).waitFor()
    await second.application.quit()

    // Another keyring, as after a new installation of the system.
    const third = await opened(home, { prepare: (world) => (world.keyringNumber = 2) })
    await third.page.getByText(/^The keyring of this desktop did not give the key: Error while decrypting/).waitFor()
    expect(await barriers(third.page)).toEqual([])
    await third.page.getByRole('textbox', { name: 'Passphrase' }).fill(SAID)
    await third.page.getByRole('button', { name: 'Open the mail' }).click()
    await third.page.getByRole('button', { name: 'Skip for now' }).waitFor()
    await third.application.quit()
  })

  // Elsewhere the system always has one.
  test.runIf(process.platform === 'linux')(
    'of a desktop that has none is offered to nobody, and a passphrase is',
    async () => {
      const home = new ShellHome()
      onTestFinished(() => home.remove())
      const { page, application } = await opened(home, {
        prepare: (world) => (world.keyring = 'basic_text'),
      })
      await protection(page)
      await page.getByText('This desktop has none that keeps secrets from other programs').waitFor()
      expect(await page.getByRole('button', { name: 'Use the keychain' }).count()).toBe(0)
      await page.getByRole('listitem', { name: 'Keychain' }).getByRole('button', { name: 'Set a passphrase' }).waitFor()
      await application.quit()
    },
  )
})
