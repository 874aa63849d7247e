/** Runs tasks one after the other, in the order they were asked for. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()

  /** Resolves or rejects as the task does, once its turn has come. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task)
    this.#last = done.catch(() => {})
    return done
  }
}
