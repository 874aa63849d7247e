/** One figure of one run. */
export interface Figure {
  readonly cell: string
  readonly system: string
  readonly perSecond: number
  readonly cpuMsEach: number
  /** The same by thread in µs, of a system that is one process. */
  readonly threadUsEach?: ReadonlyMap<string, number>
  /** 99th percentile of the main thread's delay, where the system tells. */
  readonly lateMs?: number
  /** Idle share of the machine before the run. */
  readonly idle: number
}

/** The name of ours without its protocol log, beside which the cost of that is told. */
export const WITHOUT_LOG = 'Posthorn without log'

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const two = (value: number) => value.toFixed(2)

/** Medians by thread, those that did next to nothing left out. */
function threadsOf(figures: readonly Figure[]): string {
  const names = new Set(figures.flatMap(({ threadUsEach }) => [...(threadUsEach?.keys() ?? [])]))
  return [...names]
    .map((name) => [name, median(figures.map(({ threadUsEach }) => threadUsEach?.get(name) ?? 0))] as const)
    .filter(([, us]) => us >= 1)
    .map(([name, us]) => `${name} ${us.toFixed(0)} µs`)
    .join(', ')
}

/** What the protocol log costs in CPU, where the same was measured without it. */
function logCost(ours: readonly Figure[], of: (system: string) => readonly Figure[]): string {
  const without = of(WITHOUT_LOG)
  const shares = ours.flatMap(({ cpuMsEach }, i) => {
    const other = without[i]?.cpuMsEach
    return other === undefined ? [] : [(cpuMsEach / other - 1) * 100]
  })
  return shares.length === 0 ? '' : `; the protocol log costs ${median(shares).toFixed(0)} % CPU`
}

/** Collects figures round by round and tells the medians, with ratios taken within a round. */
export class Table {
  readonly #figures: Figure[] = []
  readonly #ours: string

  constructor(ours: string) {
    this.#ours = ours
  }

  add(figure: Figure): void {
    this.#figures.push(figure)
    const late = figure.lateMs === undefined ? '' : `  main thread p99 ${figure.lateMs.toFixed(1)} ms`
    const busy = figure.idle < 0.7 ? `  (machine ${Math.round(100 - figure.idle * 100)} % busy before)` : ''
    const rate = figure.perSecond.toFixed(0).padStart(6)
    console.log(
      `  ${figure.cell.padEnd(20)} ${figure.system.padEnd(16)} ${rate}/s  ${two(figure.cpuMsEach)} ms CPU each${late}${busy}`,
    )
  }

  /** Medians by cell, ours with its ratio to every other system. */
  print(title: string): void {
    console.log(`\n${title}: medians; ratios of ${this.#ours} taken within a round`)
    for (const cell of new Set(this.#figures.map((one) => one.cell))) {
      const of = (system: string) => this.#figures.filter((one) => one.cell === cell && one.system === system)
      const ours = of(this.#ours)
      const rate = (figures: readonly Figure[]) => median(figures.map((one) => one.perSecond)).toFixed(0)
      const cpu = (figures: readonly Figure[]) => two(median(figures.map((one) => one.cpuMsEach)))
      const late = ours.flatMap(({ lateMs }) => lateMs ?? [])
      const words = [`${this.#ours} ${rate(ours)}/s, ${cpu(ours)} ms CPU`]
      if (late.length > 0) words.push(`main thread p99 ${median(late).toFixed(1)} ms`)
      for (const system of new Set(this.#figures.map((one) => one.system))) {
        const theirs = of(system)
        if (system === this.#ours || theirs.length === 0) continue
        const ratios = ours.map((one, i) => one.perSecond / (theirs[i]?.perSecond ?? Number.NaN))
        words.push(
          `${two(median(ratios))}× ${system} (${ratios.map(two).join(' ')}; ${rate(theirs)}/s, ${cpu(theirs)} ms CPU)`,
        )
      }
      console.log(`  ${cell.padEnd(20)} ${words.join('; ')}`)
      const threads = threadsOf(ours)
      if (threads !== '') console.log(`  ${''.padEnd(20)} CPU a message by thread: ${threads}${logCost(ours, of)}`)
    }
  }
}
