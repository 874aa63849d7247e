import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs a program in our place: its input, output and exit status are ours, and signals sent to us reach it.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function runInOurPlace(program, args, options) {
  const child = spawn(program, args, { stdio: 'inherit', ...options })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // Ctrl-C reaches the child by itself, for the terminal tells the whole group; a second one could mean "at once".
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)))
  }
  child.on('error', (error) => {
    console.error(`posthorn: start ${program}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
  })
  return child
}

/**
 * Runs a program to its end and resolves to its exit status and all it printed.
 * @param {readonly string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ status: number; output: string }>}
 */
export function outputOf([program = '', ...args], options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk) => (output += chunk))
    child.stderr?.setEncoding('utf8').on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ status: 1, output: error.message }))
    child.on('close', (code) => resolve({ status: code ?? 1, output }))
  })
}
