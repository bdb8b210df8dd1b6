import { describe, expect, it } from 'vitest';
import type { PlannedFlight } from '../api/types';
import { bars, neighbour, ROW_PX, span, ticks, xOf } from './gantt';

const flight = (id: string, dock: string, start: string, end: string): PlannedFlight => ({
  id, dock, vehicle: dock, start: `2026-05-12T${start}:00Z`, end: `2026-05-12T${end}:00Z`,
  state: 'planned', tasks: [], departments: [], priority: 3, landing_share: 0.3,
});
const flights = [flight('a', 'D1', '01:00', '01:30'), flight('b', 'D1', '03:00', '03:30'), flight('c', 'D3', '02:45', '03:10'), flight('x', 'gone', '01:00', '02:00')];
const scale = { ...span(flights, 0), width: 1000 };

describe('gantt', () => {
  it('spans all flights with a margin, or eight hours when there are none', () => {
    expect(scale.from).toBe(Date.parse('2026-05-12T00:45:00Z'));
    expect(scale.to).toBe(Date.parse('2026-05-12T03:45:00Z'));
    expect(span([], 1000)).toEqual({ from: 1000, to: 1000 + 8 * 3_600_000 });
  });

  it('puts each flight into the row of its dock and leaves out unknown docks', () => {
    const all = bars(flights, ['D1', 'D2', 'D3'], scale);
    expect(all.map((bar) => [bar.flight.id, bar.y])).toEqual([['a', 0], ['b', 0], ['c', 2 * ROW_PX]]);
    expect(all[0]!.x).toBeCloseTo(1000 / 12);
    expect(all[0]!.width).toBeCloseTo(1000 / 6);
  });

  it('ticks whole steps of the local clock, no more than fit', () => {
    const found = ticks({ ...scale, width: 300 }, 8 * 3_600_000);
    expect(found.map((time) => new Date(time).toISOString().slice(11, 16))).toEqual(['01:00', '02:00', '03:00']);
    for (const time of found) expect(xOf(time, scale)).toBeGreaterThanOrEqual(0);
  });

  it('moves with arrow keys along rows and over empty ones', () => {
    const all = bars(flights, ['D1', 'D2', 'D3'], scale);
    const [a, b, c] = all;
    expect(neighbour(all, undefined, 'ArrowDown')).toBe(a);
    expect(neighbour(all, a, 'ArrowRight')).toBe(b);
    expect(neighbour(all, b, 'ArrowRight')).toBeUndefined();
    expect(neighbour(all, a, 'ArrowDown')).toBe(c);
    expect(neighbour(all, c, 'ArrowUp')).toBe(b);
    expect(neighbour(all, c, 'ArrowDown')).toBeUndefined();
  });
});
