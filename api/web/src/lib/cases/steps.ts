/** The seven steps of a case, and which step a person may take next from each. */

export const STATES = ['collected', 'opened', 'dispatched', 'handling', 'reported_back', 'verifying', 'closed'] as const;

export const STEPS = ['dispatch', 'handle', 'report_back', 'verify', 'close', 'evaluate', 'reject'] as const;
export type Step = (typeof STEPS)[number];

const NEXT: Record<string, Step[]> = {
  collected: ['dispatch', 'reject'],
  opened: ['dispatch', 'reject'],
  dispatched: ['handle', 'reject'],
  handling: ['report_back'],
  reported_back: ['verify', 'close'],
  verifying: ['close', 'reject'],
  closed: ['evaluate'],
};

/** The first one is the ordinary way on. Nothing for a state the console does not know. */
export function nextSteps(state: string): Step[] {
  return NEXT[state] ?? [];
}

/** How far along the seven steps a state is, 0..6; a rejected or unknown one is -1. */
export function progressOf(state: string): number {
  return state === 'evaluated' ? STATES.length - 1 : STATES.findIndex((each) => each === state);
}
