/**
 * The steps of a message on its way out, each named for what has just happened or is about to: from the door to the word that its
 * sender gets. Between any two of them the program may die, and nothing is lost.
 */
export const STEP_NAMES = [
  /** A message was handed in; nothing of it is stored but what the door staged. */
  'submit.received',
  /** Its bytes are final; it is about to be stored. */
  'submit.final',
  /** It is stored; the client does not know yet. */
  'submit.committed',
  /** Its recipients were given to the scheduler. */
  'schedule.taken',
  /** A try is about to be written down. */
  'attempt.begin',
  /** Phase `dialling` is stored; nobody was dialled. */
  'attempt.dialling',
  /** The relay has the job. */
  'attempt.handed',
  /** The body is about to go out. */
  'attempt.before-body',
  /** Phase `body` is stored; the final dot was not sent. */
  'attempt.body',
  /** The reply is here; nothing of it is stored. */
  'outcome.known',
  /** It was judged, reports were written; all of that is about to be stored. */
  'outcome.judged',
  /** Outcome, reports and local copies are stored. */
  'outcome.committed',
  /** Windows were told. */
  'outcome.told',
] as const
export type StepName = (typeof STEP_NAMES)[number]

/** A tracing hook: told of each step, and waited for before the next. */
export type OnStep = (name: StepName) => void | Promise<void>
