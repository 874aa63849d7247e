import type { Deliver } from '../model/delivery.ts'
import type { OnStep, StepName } from '../model/step.ts'
import type { Store } from '../store/types.ts'

/** Steps before and after an operation of the store. */
const AROUND: Readonly<Record<string, readonly [StepName, StepName]>> = {
  'queue.submit': ['submit.final', 'submit.committed'],
  'queue.startAttempt': ['attempt.begin', 'attempt.dialling'],
  'queue.beforeBody': ['attempt.before-body', 'attempt.body'],
  'queue.settle': ['outcome.judged', 'outcome.committed'],
}

/** A store whose operations on the way of a message are told of. */
export function tracedWrite(write: Store['write'], onStep: OnStep): Store['write'] {
  return async (name, args) => {
    const steps = AROUND[name]
    if (steps === undefined) return write(name, args)
    await onStep(steps[0])
    const result = await write(name, args)
    await onStep(steps[1])
    return result
  }
}

function tracedDeliver(deliver: Deliver, onStep: OnStep): Deliver {
  return async (delivery, signal) => {
    await onStep('attempt.handed')
    await deliver(
      {
        ...delivery,
        async onOutcome(job, settled, sessionId) {
          await onStep('outcome.known')
          await delivery.onOutcome(job, settled, sessionId)
          await onStep('outcome.told')
        },
      },
      signal,
    )
  }
}

/** The same context, every step of which is told of and waited for. */
export function withSteps<C extends { readonly store: Store; readonly deliver: Deliver }>(
  context: C,
  onStep: OnStep,
): C {
  const { store, deliver } = context
  return {
    ...context,
    store: Object.assign(Object.create(store) as Store, { write: tracedWrite(store.write, onStep) }),
    deliver: tracedDeliver(deliver, onStep),
  }
}
