import { describe, expect, it } from 'vitest';
import { nextSteps, progressOf, STATES } from './cases/steps';
import { refusalOf, toneOf } from './flights';

describe('flights', () => {
  it('groups states, and takes an unknown one for planned', () => {
    expect(['flying', 'done', 'failed', 'diverted', 'brand-new'].map(toneOf)).toEqual(['flying', 'done', 'trouble', 'trouble', 'planned']);
  });

  it('says why a command is not possible', () => {
    const drone = { state: 'mission', flight: 'F-1' };
    expect(refusalOf('hold', drone, false, true)).toBeNull();
    expect(refusalOf('hold', drone, true, true)).toBe('silent');
    expect(refusalOf('hold', drone, false, false)).toBe('ground');
    expect(refusalOf('hold', { ...drone, flight: null }, false, true)).toBe('flight');
    expect(refusalOf('resume', drone, false, true)).toBe('state');
  });
});

describe('cases', () => {
  it('knows a way on from every step but the last', () => {
    for (const state of STATES) expect(nextSteps(state).length).toBeGreaterThan(0);
    expect(nextSteps('evaluated')).toEqual([]);
    expect(nextSteps('brand-new')).toEqual([]);
  });

  it('counts progress along the seven steps', () => {
    expect(STATES.map(progressOf)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(progressOf('evaluated')).toBe(6);
    expect(progressOf('rejected')).toBe(-1);
  });
});
