/** The demo report: every key may be missing while the day is still young. */

/** A moment of a story: what happened, in the service's words. */
interface RawMoment {
  t?: string;
  at?: string;
  text?: string;
  what?: string;
  text_zh?: string;
  what_zh?: string;
}

export interface Moment {
  t: string;
  text: string;
  text_zh: string;
}

type Group = Record<string, unknown>;

export interface Report {
  time?: string;
  drones?: number;
  scenarios?: Group;
  tasks?: Group;
  flights?: number | Group;
  flight_details?: Group;
  km_flown?: number | null;
  km_planned?: number | null;
  km_separate?: number | null;
  territory_share?: Record<string, number | null>;
  media?: Group;
  anomalies?: Group | null;
  events?: Group;
  cases?: Record<string, number>;
  fire?: {
    case?: string;
    verdict?: 'hot' | 'cold' | null;
    ignition_to_alert_min?: number | null;
    alert_to_recheck_min?: number | null;
    timeline?: RawMoment[];
  } | null;
  simulated_s?: number;
  wall_s?: number;
  speedup?: number;
  peak_memory_mb?: number;
}

export function moments(report: Report | null): Moment[] {
  return (report?.fire?.timeline ?? []).map((raw) => {
    const text = raw.text ?? raw.what ?? '';
    return { t: raw.t ?? raw.at ?? '', text, text_zh: raw.text_zh ?? raw.what_zh ?? text };
  });
}

/** What flying once saves: the plan's kilometres against separate flights for the same requests. */
export function savedShare(report: Report | null): number | null {
  const flown = report?.km_planned ?? report?.km_flown;
  return flown && report?.km_separate ? 1 - flown / report.km_separate : null;
}

/** Flights that were flown: a plain number, or one of a group. */
export function flown(report: Report | null): number | null {
  const flights = report?.flights;
  return typeof flights === 'object' ? total(flights.flown) : (flights ?? null);
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
  return known.length === 0 && values.length > 0 ? null : known.reduce((all, value) => all + value, 0);
}

/** Entries of a table of counts, largest first. */
export function ranked(table: unknown): [string, number][] {
  if (typeof table !== 'object' || table === null) return [];
  const entries = Object.entries(table).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return entries.sort((a, b) => b[1] - a[1]);
}
