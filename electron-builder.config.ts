import { fileURLToPath } from 'node:url'
import type { Configuration } from 'electron-builder'

/**
 * How the desktop application is packed. `npm run package` uses it (scripts/package.mjs); resources/README.md says what
 * a packager has to know.
 */

/** The name systems know the application by: desktop entry, AppStream, Flatpak, Apple's bundle, Windows' task bar. */
export const APP_ID = 'org.posthorn.Posthorn'

/** What a build takes from its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Without fuses: a twin that Playwright can drive, never handed out. */
  readonly unfused?: boolean
}

/** The addon of SQLite of one system: of all that npm brings, this one alone is packed. */
const addon = (system: string, arch: string) => ({
  from: 'node_modules/better-sqlite3/prebuilds',
  to: 'native',
  filter: [`${system}-${arch}.node`],
})
/** The command `posthorn` for a terminal. */
const launcher = (...files: string[]) => ({ from: 'resources/cli', to: 'cli', filter: files })
const notices = [
  { from: 'LICENSE', to: 'LICENSE.txt' },
  { from: 'dist/package/THIRD-PARTY-NOTICES.txt', to: 'THIRD-PARTY-NOTICES.txt' },
  { from: 'dist/package/sbom.cdx.json', to: 'sbom.cdx.json' },
]
const mailFiles = [
  { ext: 'eml', name: 'Mail message', description: 'Mail message', mimeType: 'message/rfc822', role: 'Viewer' },
  { ext: 'mbox', name: 'Mailbox', description: 'Mailbox', mimeType: 'application/mbox', role: 'Viewer' },
]

/** AppStream's description, where software centres look for it; fpm may run in another folder. */
const appStream = `${fileURLToPath(new URL(`resources/linux/${APP_ID}.metainfo.xml`, import.meta.url))}=/usr/share/metainfo/${APP_ID}.metainfo.xml`

/** What a desktop's menu offers besides opening the application, where it is known at which place that lies. */
const composeAction = {
  entry: { Actions: 'compose;' },
  desktopActions: { compose: { Name: 'Write a message', Exec: '/opt/Posthorn/posthorn mailto:' } },
}

/** Taken from the file before the application runs, so that nobody turns it into a plain Node or loads other code. */
const fuses = {
  runAsNode: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableCookieEncryption: true,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  grantFileProtocolExtraPrivileges: false,
} as const

/** The configuration of electron-builder. */
export function configurationFor({ env, unfused = false }: Surroundings): Configuration {
  // Without a certificate the application is signed for this one computer ("ad hoc"), as Apple's processors demand. Such
  // a signature names no team, and the hardened runtime would then refuse Electron's own frameworks.
  const hasAppleCertificate = Boolean(env['CSC_LINK'] || env['CSC_NAME'])
  const both = (...names: string[]) =>
    names.map((target) => ({ target, arch: ['x64', 'arm64'] as ('x64' | 'arm64')[] }))

  return {
    appId: APP_ID,
    productName: 'Posthorn',
    copyright: 'Copyright © The Posthorn contributors',
    directories: { output: 'release', buildResources: 'resources' },
    artifactName: '${productName}-${version}-${os}-${arch}.${ext}',
    extraMetadata: {
      homepage: env['POSTHORN_HOMEPAGE'] || 'https://posthorn.example/',
      // By this name Linux' desktops know which windows belong to the entry in their menus.
      desktopName: `${APP_ID}.desktop`,
    },
    // Every dependency is in the bundles: neither node_modules nor a source map is packed, and none is looked for.
    beforeBuild: () => Promise.resolve(false),
    files: ['dist/electron/*.{js,cjs}', 'dist/renderer/**', 'package.json', '!node_modules/**', '!**/*.map'],
    asar: true,
    // The languages the window speaks; the words of Chromium's own menus in all others would be 40 MB.
    electronLanguages: ['en-US', 'de', 'fr', 'ja', 'ar'],
    ...(unfused ? {} : { electronFuses: fuses }),
    // The place of the feed is a setting (updates.feed); this one only makes the builder write the feed's files.
    publish: { provider: 'generic', url: 'https://updates.posthorn.invalid/' },
    protocols: [{ name: 'Mail address', schemes: ['mailto'], role: 'Editor' }],

    linux: {
      target: both('AppImage', 'deb', 'rpm'),
      executableName: 'posthorn',
      syncDesktopName: true,
      category: 'Network;Email',
      icon: 'dist/package/icons/linux',
      synopsis: 'Mail client with its own mail server',
      maintainer: env['POSTHORN_MAINTAINER'] || 'The Posthorn contributors <packages@posthorn.example>',
      // Both types are in every system's own list: no list of ours is installed.
      mimeTypes: ['message/rfc822', 'application/mbox'],
      desktop: {
        entry: {
          GenericName: 'Mail Client',
          Keywords: 'mail;email;e-mail;SMTP;POP3;IMAP;',
          StartupNotify: 'true',
        },
      },
      extraResources: [addon('linux', '${arch}'), launcher('posthorn'), ...notices],
    },
    appImage: { artifactName: '${productName}-${version}-${arch}.${ext}' },
    deb: {
      packageCategory: 'mail',
      desktop: composeAction,
      afterInstall: 'resources/linux/after-install.tpl',
      afterRemove: 'resources/linux/after-remove.tpl',
      fpm: [appStream],
    },
    rpm: {
      packageCategory: 'Applications/Internet',
      desktop: composeAction,
      afterInstall: 'resources/linux/after-install.tpl',
      afterRemove: 'resources/linux/after-remove.tpl',
      fpm: [
        appStream,
        // Else two packages of Electron applications could not be installed side by side.
        '--rpm-rpmbuild-define=_build_id_links none',
      ],
    },

    mac: {
      target: ['dmg', 'zip'].map((target) => ({ target, arch: ['universal'] as 'universal'[] })),
      category: 'public.app-category.productivity',
      icon: 'dist/package/icons/icon.icns',
      fileAssociations: mailFiles,
      // Both halves of the application hold both addons, for such a pair is left as it is when they are joined.
      extraResources: [addon('darwin', 'x64'), addon('darwin', 'arm64'), launcher('posthorn-mac'), ...notices],
      x64ArchFiles: '**/native/darwin-*.node',
      hardenedRuntime: hasAppleCertificate,
      ...(hasAppleCertificate ? {} : { identity: '-' }),
      gatekeeperAssess: false,
      entitlements: 'resources/mac/entitlements.plist',
      entitlementsInherit: 'resources/mac/entitlements.plist',
      minimumSystemVersion: '13.0',
      darkModeSupport: true,
      extendInfo: { NSLocalNetworkUsageDescription: 'Posthorn sends mail to and fetches mail from servers you name.' },
    },
    dmg: { title: '${productName} ${version}', sign: false },

    win: {
      target: both('nsis', 'portable'),
      icon: 'dist/package/icons/icon.ico',
      fileAssociations: mailFiles,
      extraResources: [
        addon('win32', '${arch}'),
        launcher('posthorn-path.ps1'),
        { from: 'dist/package/cli', to: 'cli', filter: ['posthorn.exe'] },
        ...notices,
      ],
      // What an update says of itself has to be signed by the one who signed this version, where it was signed.
      verifyUpdateCodeSignature: true,
    },
    nsis: {
      oneClick: false,
      perMachine: false,
      selectPerMachineByDefault: false,
      allowToChangeInstallationDirectory: true,
      buildUniversalInstaller: false,
      artifactName: '${productName}-${version}-win-${arch}-setup.${ext}',
      include: 'resources/windows/installer.nsh',
      // The mail is the person's, not the application's.
      deleteAppDataOnUninstall: false,
      createDesktopShortcut: false,
    },
    portable: { artifactName: '${productName}-${version}-win-${arch}-portable.${ext}', buildUniversalInstaller: false },

    // Runtimes of AppImages that need no libfuse 2, and so no --no-sandbox.
    toolsets: { appimage: '1.0.3' },
  }
}

export default configurationFor({ env: process.env })
