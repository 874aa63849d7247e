// Finds the programs that the tests talk to: browsers and other people's mail programs.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'

/** @typedef {'postfix' | 'dovecot' | 'swaks' | 'msmtp' | 'mutt' | 'mpop' | 'fetchmail' | 'curl' | 'exim' | 'python' | 'git-send-email' | 'thunderbird' | 'tshark' | 'desktop-file-validate' | 'appstreamcli' | 'chromium'} Program */

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
const BROWSER_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/**
 * What cannot be had on a system's usual machines, so that tests with it are left out there; a test compares it with what is
 * missing. On Linux nothing may be.
 * @type {Readonly<Partial<Record<NodeJS.Platform, readonly Program[]>>>}
 */
export const LACKING = {
  darwin: [
    'postfix',
    'dovecot',
    'swaks',
    'msmtp',
    'mutt',
    'mpop',
    'fetchmail',
    'exim',
    'git-send-email',
    'thunderbird',
    'tshark',
    'desktop-file-validate',
    'appstreamcli',
  ],
  win32: [
    'postfix',
    'dovecot',
    'swaks',
    'msmtp',
    'mutt',
    'mpop',
    'fetchmail',
    'python',
    'exim',
    'git-send-email',
    'thunderbird',
    'tshark',
    'desktop-file-validate',
    'appstreamcli',
  ],
}

/** Where `.ci/run` unpacks Exim; each user's own. */
const EXIM_FOLDER = join(tmpdir(), `posthorn-exim-${process.getuid?.() ?? 0}`)

/** @type {Readonly<Record<Program, { names: readonly string[]; debian: readonly string[] }>>} */
export const PROGRAMS = {
  'postfix': { names: ['postfix'], debian: ['postfix', 'libsasl2-modules'] },
  'dovecot': { names: ['dovecot'], debian: ['dovecot-pop3d', 'dovecot-imapd'] },
  'swaks': { names: ['swaks'], debian: ['swaks', 'libnet-ssleay-perl'] },
  'msmtp': { names: ['msmtp'], debian: ['msmtp'] },
  'mutt': { names: ['mutt'], debian: ['mutt'] },
  'mpop': { names: ['mpop'], debian: ['mpop'] },
  'fetchmail': { names: ['fetchmail'], debian: ['fetchmail'] },
  'curl': { names: ['curl'], debian: ['curl'] },
  'python': { names: ['python3'], debian: ['python3'] },
  'git-send-email': {
    names: ['/usr/lib/git-core/git-send-email'],
    debian: ['git-email', 'libauthen-sasl-perl', 'libmailtools-perl'],
  },
  'thunderbird': { names: ['thunderbird'], debian: ['thunderbird'] },
  'tshark': { names: ['tshark'], debian: ['tshark'] },
  'desktop-file-validate': { names: ['desktop-file-validate'], debian: ['desktop-file-utils'] },
  'appstreamcli': { names: ['appstreamcli'], debian: ['appstream'] },
  // Debian refuses Exim beside Postfix: `.ci/run` unpacks it there, and nothing is installed.
  'exim': { names: [join(EXIM_FOLDER, 'usr/sbin/exim4')], debian: ['exim4-daemon-light'] },
  'chromium': {
    names: [process.env['POSTHORN_CHROMIUM'] ?? '', ...BROWSERS, ...BROWSER_PATHS].filter((name) => name !== ''),
    debian: ['chromium'],
  },
}

// Servers live in sbin, which an ordinary user's PATH often leaves out.
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/opt/homebrew/bin', '/opt/homebrew/sbin']

/**
 * The path of a program, or undefined where this machine has none.
 * @param {Program} program
 * @returns {string | undefined}
 */
export function findProgram(program) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS].filter((folder) => folder !== '')
  const ending = process.platform === 'win32' ? '.exe' : ''
  return PROGRAMS[program].names
    .flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name + ending))))
    .find(isExecutable)
}

/**
 * Why a program can't serve a test here, in words; undefined when it can.
 * @param {Program} program
 * @returns {string | undefined}
 */
export function whyNot(program) {
  const path = findProgram(program)
  if (path === undefined) return `${program} is not installed`
  // Debian only recommends what swaks needs for TLS.
  if (program === 'swaks' && !spawnSync(path, ['--support'], { encoding: 'utf8' }).stdout.includes('=== TLS supported'))
    return 'swaks has no TLS: it needs Net::SSLeay'
  if (program === 'postfix' && process.getuid?.() !== 0) return 'only root may start postfix'
  if (program === 'exim') {
    if (process.getuid?.() !== 0) return 'only root may start exim'
    // Anybody may make a folder in a temporary one: what others can write is not run.
    const { uid, mode } = statSync(EXIM_FOLDER)
    if (uid !== 0 || (mode & 0o022) !== 0) return `${EXIM_FOLDER} is not root's alone`
    if (spawnSync(path, ['-C', '/dev/null', '-bV']).status !== 0) return 'exim lacks a library or its user, Debian-exim'
  }
  return undefined
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Every program that tests talk to and that is not here, with the reason. */
export const missingPrograms = () =>
  /** @type {Program[]} */ (Object.keys(PROGRAMS)).flatMap((program) => {
    const why = whyNot(program)
    return why === undefined ? [] : [{ program, why }]
  })

if (import.meta.main) {
  const missing = missingPrograms()
  for (const { why } of missing) console.log(why)
  console.log(`${Object.keys(PROGRAMS).length - missing.length} of ${Object.keys(PROGRAMS).length} programs are here`)
}
