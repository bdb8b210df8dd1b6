/** Where bars and ticks of the day's Gantt go. Pure: times in ms, lengths in pixels. */
import type { PlannedFlight } from '../api/types';

export const ROW_PX = 26;
const HOUR_MS = 3_600_000;
const MARGIN_MS = HOUR_MS / 4;
const STEPS_MIN = [15, 30, 60, 120, 180, 360];
const TICK_ROOM_PX = 62;

export interface Bar {
  flight: PlannedFlight;
  x: number;
  y: number;
  width: number;
}

export interface Scale {
  from: number;
  to: number;
  width: number;
}

/** The span that shows all flights, with a margin; eight hours from `otherwise` when there are none. */
export function span(flights: PlannedFlight[], otherwise: number): { from: number; to: number } {
  if (flights.length === 0) return { from: otherwise, to: otherwise + 8 * HOUR_MS };
  const from = Math.min(...flights.map((flight) => Date.parse(flight.start)));
  const to = Math.max(...flights.map((flight) => Date.parse(flight.end)));
  return { from: from - MARGIN_MS, to: to + MARGIN_MS };
}

export function xOf(time: number, { from, to, width }: Scale): number {
  return ((time - from) / Math.max(1, to - from)) * width;
}

/** One row for each dock, in the order given; flights of an unknown dock are left out. */
export function bars(flights: PlannedFlight[], docks: string[], scale: Scale): Bar[] {
  const row = new Map(docks.map((dock, at) => [dock, at]));
  return flights.flatMap((flight) => {
    const at = row.get(flight.dock);
    if (at === undefined) return [];
    const x = xOf(Date.parse(flight.start), scale);
    const width = Math.max(3, xOf(Date.parse(flight.end), scale) - x);
    return [{ flight, x, width, y: at * ROW_PX }];
  });
}

/** Times of tick marks: whole steps of the local clock, as many as there is room for. */
export function ticks(scale: Scale, offsetMs: number): number[] {
  const room = Math.max(1, Math.floor(scale.width / TICK_ROOM_PX));
  const hours = scale.to - scale.from;
  const step = (STEPS_MIN.find((minutes) => hours / (minutes * 60_000) <= room) ?? 720) * 60_000;
  const first = Math.ceil((scale.from + offsetMs) / step) * step - offsetMs;
  const found: number[] = [];
  for (let time = first; time <= scale.to; time += step) found.push(time);
  return found;
}

/** The next bar for an arrow key: along the row, or the nearest one in the next row that has any. */
export function neighbour(all: Bar[], current: Bar | undefined, key: string): Bar | undefined {
  if (!current) return all[0];
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const row = all.filter((bar) => bar.y === current.y).sort((a, b) => a.x - b.x);
    return row[row.indexOf(current) + (key === 'ArrowRight' ? 1 : -1)];
  }
  const down = key === 'ArrowDown';
  const beyond = all.filter((bar) => (down ? bar.y > current.y : bar.y < current.y));
  const rows = beyond.map((bar) => bar.y);
  const y = down ? Math.min(...rows) : Math.max(...rows);
  return beyond.filter((bar) => bar.y === y).sort((a, b) => Math.abs(a.x - current.x) - Math.abs(b.x - current.x))[0];
}
