import { describe, expect, it } from 'vitest';
import { backoffSeconds } from './state/backoff';
import { ranked, total } from './report';

describe('report figures', () => {
  it('sums what is countable, and says null when nothing is', () => {
    expect(total(4)).toBe(4);
    expect(total({ blurred: 3, dark: 2 })).toBe(5);
    expect(total([{ code: 'zone', count: 2 }, { code: 'no_window', count: 1 }])).toBe(3);
    expect(total([])).toBe(0);
    expect(total(undefined)).toBeNull();
    expect(total({ note: 'later' })).toBeNull();
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
