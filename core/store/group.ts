import type Database from 'better-sqlite3'
import { isFault } from '../base/fault.ts'
import type { Fault } from '../base/fault.ts'
import { asWriteDb, isFull, toStoreFault } from './database.ts'
import { sendFault } from './thread-messages.ts'
import type { Answer, WriteRequest } from './thread-messages.ts'
import type { Operation } from './types.ts'

/** The operations a group may hold, by name. */
export type OperationTable = Readonly<Record<string, Operation<never, unknown>>>

/**
 * Operations that are committed together. Each runs as soon as it is added, so that their work is done by the time the last one comes.
 * One that fails leaves nothing behind and takes nobody along.
 */
export class Group {
  readonly #db: Database.Database
  readonly #operations: OperationTable
  readonly #path: string
  readonly #requests: WriteRequest[] = []
  readonly #answers: Answer[] = []
  /** Something went wrong, and nothing is done: who failed, and how, is found out one by one. */
  #isBroken = false

  constructor(db: Database.Database, operations: OperationTable, path: string) {
    this.#db = db
    this.#operations = operations
    this.#path = path
  }

  get requests(): readonly WriteRequest[] {
    return this.#requests
  }

  /** Runs them without a savepoint each: those cost a copy of each page that an operation is the next to change. */
  add(requests: readonly WriteRequest[]): void {
    const isFirst = this.#requests.length === 0
    this.#requests.push(...requests)
    if (this.#isBroken || requests.length === 0) return
    this.#orBreak(() => {
      if (isFirst) run(this.#db, 'BEGIN IMMEDIATE')
      for (const { id, name, args, nowMs } of requests) {
        const operation = this.#operations[name]
        if (operation === undefined) throw new Error('there is no such operation')
        this.#answers.push({ id, value: operation(asWriteDb(this.#db), args as never, nowMs) })
      }
    })
  }

  /** Returns how each of them ended, in their order, after COMMIT has returned. */
  commit(): Answer[] {
    if (this.#requests.length === 0) return []
    this.#orBreak(() => run(this.#db, 'COMMIT'))
    return this.#isBroken ? oneByOne(this.#db, this.#operations, this.#requests, this.#path) : this.#answers
  }

  #orBreak(work: () => void): void {
    if (this.#isBroken) return
    try {
      work()
    } catch {
      this.#isBroken = true
      if (this.#db.inTransaction) run(this.#db, 'ROLLBACK')
    }
  }
}

/** Runs requests as one group; returns how each of them ended, in their order. */
export function commitGroup(
  db: Database.Database,
  operations: OperationTable,
  requests: readonly WriteRequest[],
  path: string,
): Answer[] {
  const group = new Group(db, operations, path)
  group.add(requests)
  return group.commit()
}

/** The group with a savepoint for each. */
function oneByOne(
  db: Database.Database,
  operations: OperationTable,
  requests: readonly WriteRequest[],
  path: string,
): Answer[] {
  const lost = new Map<number, Answer>()
  for (;;) {
    const left = requests.filter(({ id }) => !lost.has(id))
    const attempt = tryGroup(db, operations, left, path)
    if ('lost' in attempt) {
      lost.set(attempt.lost.id, attempt.lost)
      continue
    }
    const ended = new Map([...lost, ...attempt.answers.map((answer) => [answer.id, answer] as const)])
    return requests.flatMap(({ id }) => ended.get(id) ?? [])
  }
}

/** `lost`: this one's failure took the transaction with it, and with it all that the others had done. */
type Attempt = { readonly answers: readonly Answer[] } | { readonly lost: Answer }

function tryGroup(
  db: Database.Database,
  operations: OperationTable,
  requests: readonly WriteRequest[],
  path: string,
): Attempt {
  if (requests.length === 0) return { answers: [] }
  const failed = (id: number, fault: Fault): Answer => ({ id, fault: sendFault(fault) })
  const answers: Answer[] = []
  try {
    run(db, 'BEGIN IMMEDIATE')
  } catch (error) {
    const fault = toStoreFault(error, path, 'write to the store')
    return { answers: requests.map(({ id }) => failed(id, fault)) }
  }
  for (const { id, name, args, nowMs } of requests) {
    try {
      run(db, 'SAVEPOINT operation')
      const operation = operations[name]
      if (operation === undefined) throw new Error('there is no such operation')
      const value = operation(asWriteDb(db), args as never, nowMs)
      run(db, 'RELEASE operation')
      answers.push({ id, value })
    } catch (error) {
      const answer = failed(id, toStoreFault(error, path, isFault(error) ? '' : doing(name, error)))
      // A full disk rolls everything back, savepoints included; only asking tells.
      if (!db.inTransaction || !undo(db)) return { lost: answer }
      answers.push(answer)
    }
  }
  try {
    run(db, 'COMMIT')
    return { answers }
  } catch (error) {
    if (db.inTransaction) run(db, 'ROLLBACK')
    // No room for all of them may still be room for some.
    if (isFull(error) && requests.length > 1) {
      const half = requests.length >> 1
      const first = oneByOne(db, operations, requests.slice(0, half), path)
      return { answers: [...first, ...oneByOne(db, operations, requests.slice(half), path)] }
    }
    const fault = toStoreFault(error, path, 'commit to the store')
    return { answers: answers.map((answer) => ('fault' in answer ? answer : failed(answer.id, fault))) }
  }
}

const doing = (name: string, error: unknown) => (isFull(error) ? 'write to the store' : `run "${name}" in the store`)

/** Takes back what the failed operation did. False when that fails too; then nothing of the transaction is left. */
function undo(db: Database.Database): boolean {
  try {
    run(db, 'ROLLBACK TO operation')
    run(db, 'RELEASE operation')
    return true
  } catch {
    if (db.inTransaction) run(db, 'ROLLBACK')
    return false
  }
}

const statements = new WeakMap<Database.Database, Map<string, Database.Statement>>()

function run(db: Database.Database, sql: string): void {
  let known = statements.get(db)
  if (known === undefined) statements.set(db, (known = new Map()))
  let statement = known.get(sql)
  if (statement === undefined) known.set(sql, (statement = db.prepare(sql)))
  statement.run()
}
