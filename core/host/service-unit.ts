import { Fault } from '../base/fault.ts'

/** What runs as the service: a program with all its arguments, none of them a shell's business. */
export type ServiceProgram = readonly [program: string, ...args: string[]]

/** The memory that allocators keep for each thread is not worth having, see bin/posthorn of the headless archive. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' }

/**
 * The unit of systemd's user manager. Its journal keeps what Posthorn says of itself and throws old entries away by itself; the
 * ready line goes nowhere, for it names a ticket to the window. Throws `usage` for an argument that no unit can hold.
 */
export function systemdUnit(program: ServiceProgram): string {
  const environment = Object.entries(ENVIRONMENT).map(([name, value]) => `Environment=${name}=${value}`)
  return `# Made by "posthorn service install"; "posthorn service uninstall" takes it away.
[Unit]
Description=Posthorn: mail client and mail server
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${program.map(systemdWord).join(' ')}
${environment.join('\n')}
StandardOutput=null
StandardError=journal
SyslogIdentifier=posthorn
Restart=on-failure
RestartSec=5
# A wrong setting or command line is as wrong at the next start.
RestartPreventExitStatus=64 78
# What is on the wire comes to its end first.
TimeoutStopSec=90
KillMode=mixed
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`
}

/** One word of ExecStart, so quoted that systemd hands it on as it is (systemd.service(5), systemd.syntax(7)). */
function systemdWord(word: string, at: number): string {
  const isPlain = at === 0 ? /^[\w./+-]+$/ : /^[\w./+:=@,-]+$/
  if (isPlain.test(word)) return word
  refuseLines(word)
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  // A dollar begins the name of a variable in every word but the first.
  return `"${at === 0 ? escaped : escaped.replaceAll('$', '$$$$')}"`
}

/** The property list of a launch agent. It keeps no log of its own, so the program is told to keep one that is cut. */
export function launchdPlist(label: string, program: ServiceProgram): string {
  const text = (value: string) => {
    refuseLines(value)
    return `<string>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</string>`
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Made by "posthorn service install"; "posthorn service uninstall" takes it away. -->
<plist version="1.0">
  <dict>
    <key>Label</key>
    ${text(label)}
    <key>ProgramArguments</key>
    <array>
${program.map((word) => `      ${text(word)}`).join('\n')}
    </array>
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <dict>
      <key>SuccessfulExit</key>
      <false/>
    </dict>
    <key>ThrottleInterval</key>
    <integer>10</integer>
    <key>ExitTimeOut</key>
    <integer>90</integer>
    <key>Umask</key>
    <integer>63</integer>
    <key>StandardOutPath</key>
    <string>/dev/null</string>
    <key>StandardErrorPath</key>
    <string>/dev/null</string>
  </dict>
</plist>
`
}

/** Neither file can hold what would begin a line of its own. */
function refuseLines(word: string): void {
  // Control characters are no characters of XML either.
  if (/[\0-\x1f\x7f]/.test(word))
    throw new Fault('usage', `a service can't be given ${JSON.stringify(word)}: it holds a control character`, {
      reason: 'control character',
    })
}
