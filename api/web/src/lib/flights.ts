/** Flights grouped by what a dispatcher needs to know of them. */

export const TONES = ['planned', 'ready', 'flying', 'done', 'trouble'] as const;
export type Tone = (typeof TONES)[number];

const STATES: Record<Tone, string[]> = {
  planned: ['draft', 'planned', 'filed', 'waiting'],
  ready: ['approved', 'released', 'preparing', 'ready', 'uploading', 'uploaded'],
  flying: ['launching', 'launched', 'airborne', 'flying', 'mission', 'holding', 'returning', 'landing', 'guided'],
  done: ['landed', 'flown', 'done', 'completed', 'finished'],
  trouble: ['diverted', 'aborted', 'cancelled', 'failed', 'refused', 'lost', 'interrupted', 'superseded', 'fault'],
};

const BY_STATE = new Map(TONES.flatMap((tone) => STATES[tone].map((state) => [state, tone] as const)));

/** An unknown state counts as planned: it is neither done nor in trouble. */
export function toneOf(state: string): Tone {
  return BY_STATE.get(state) ?? 'planned';
}

/** Why a command makes no sense for a drone in this state now; null when it does. */
export type Refusal = 'silent' | 'ground' | 'flight' | 'state';
export type Command = 'hold' | 'resume' | 'return';

const ALLOWED: Record<Command, string[]> = {
  hold: ['mission', 'guided', 'returning', 'takeoff'],
  resume: ['hold', 'guided', 'returning'],
  return: ['mission', 'guided', 'hold', 'takeoff'],
};

export function refusalOf(
  command: Command,
  drone: { state: string; flight: string | null },
  silent: boolean,
  airborne: boolean,
): Refusal | null {
  if (silent) return 'silent';
  if (!airborne) return 'ground';
  if (drone.flight === null) return 'flight';
  return ALLOWED[command].includes(drone.state) ? null : 'state';
}
