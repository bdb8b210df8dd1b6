/** The demo report: every key may be missing while the day is still young. */

export interface Moment {
  t: string;
  text: string;
  text_zh: string;
}

export type Refused = Record<string, number> | { code: string; count: number }[] | number;

export interface Report {
  time?: string;
  drones?: number;
  scenarios?: Record<string, unknown>;
  tasks?: Record<string, unknown>;
  flights?: number | Record<string, number>;
  km_flown?: number;
  km_separate?: number;
  territory_share?: Record<string, number | null>;
  media?: Record<string, unknown>;
  anomalies?: Record<string, unknown> | null;
  events?: { by_type?: Record<string, number>; by_department?: Record<string, number>; [key: string]: unknown };
  cases?: Record<string, number>;
  fire?: { ignition_to_alert_min?: number | null; alert_to_recheck_min?: number | null; timeline?: Moment[] } | null;
  simulated_s?: number;
  wall_s?: number;
  speedup?: number;
  peak_memory_mb?: number;
}

/** A number, or the sum of the numbers in it; null when there is none. */
export function total(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.length === 0 ? 0 : sum(value.map((each) => total((each as { count?: unknown }).count)));
  if (typeof value === 'object' && value !== null) return sum(Object.values(value).map(total));
  return null;
}

function sum(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((all, value) => all + value, 0);
}

/** Entries of a table of counts, largest first. */
export function ranked(table: unknown): [string, number][] {
  if (typeof table !== 'object' || table === null) return [];
  const entries = Object.entries(table).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return entries.sort((a, b) => b[1] - a[1]);
}
