import { describe, expect, it } from 'vitest';
import { backoffSeconds } from './state/backoff';
import { flown, moments, ranked, savedShare, total } from './report';

describe('report figures', () => {
  it('sums what is countable, and says null when nothing is', () => {
    expect(total(4)).toBe(4);
    expect(total({ blurred: 3, dark: 2 })).toBe(5);
    expect(total([{ code: 'zone', count: 2 }, { code: 'no_window', count: 1 }])).toBe(3);
    expect(total([])).toBe(0);
    expect(total({})).toBe(0);
    expect(total(undefined)).toBeNull();
    expect(total({ note: 'later' })).toBeNull();
  });

  it('reads both shapes of a story and of the flights', () => {
    const fire = { timeline: [{ at: '2026-05-12T01:00:00Z', what: 'opened' }, { t: '2026-05-12T02:00:00Z', text: 'cold', text_zh: '已冷却' }] };
    expect(moments({ fire })).toEqual([
      { t: '2026-05-12T01:00:00Z', text: 'opened', text_zh: 'opened' },
      { t: '2026-05-12T02:00:00Z', text: 'cold', text_zh: '已冷却' },
    ]);
    expect(moments(null)).toEqual([]);
    expect(flown({ flights: 7 })).toBe(7);
    expect(flown({ flights: { planned: 9, flown: 3 } })).toBe(3);
    expect(flown({})).toBeNull();
  });

  it('says what was saved only when both lengths are known', () => {
    expect(savedShare({ km_planned: 60, km_flown: 1, km_separate: 100 })).toBeCloseTo(0.4);
    expect(savedShare({ km_flown: 50, km_separate: 100 })).toBeCloseTo(0.5);
    expect(savedShare({ km_flown: 50 })).toBeNull();
  });

  it('ranks counts', () => {
    expect(ranked({ a: 1, b: 5, c: 'x' })).toEqual([['b', 5], ['a', 1]]);
    expect(ranked(undefined)).toEqual([]);
  });
});

describe('back-off', () => {
  it('doubles up to a bound', () => {
    expect([0, 1, 2, 3, 4, 9].map((tries) => backoffSeconds(tries, 0))).toEqual([1, 2, 4, 8, 15, 15]);
    expect(backoffSeconds(0, 1)).toBeCloseTo(1.2);
  });
});
