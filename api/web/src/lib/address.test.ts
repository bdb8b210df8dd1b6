import { describe, expect, it } from 'vitest';
import { parse, splitParam, write } from './address';

describe('address', () => {
  it('survives a round trip', () => {
    const place = { page: 'situation' as const, params: { sel: 'drone:QZ-07', at: '118.87,28.97,11', q: '衢江 & co' } };
    expect(parse(write(place))).toEqual(place);
    expect(write(place)).toContain('sel=drone:QZ-07');
  });

  it.each(['', '#', '#/', '#/nowhere?x=1'])('shows the situation for %j', (hash) => {
    expect(parse(hash).page).toBe('situation');
  });

  it.each([
    ['#token=abc', 'abc', ''],
    ['#/plan?token=a%2Fb', 'a/b', '#/plan'],
    ['#token=abc&/plan', 'abc', '#/plan'],
    ['#/plan?day=2026-05-12&token=abc', 'abc', '#/plan?day=2026-05-12'],
    ['#/plan?day=2026-05-12', null, '#/plan?day=2026-05-12'],
  ])('takes the token out of %s', (hash, token, rest) => {
    expect(splitParam(hash, 'token')).toEqual({ value: token, rest });
  });
});
