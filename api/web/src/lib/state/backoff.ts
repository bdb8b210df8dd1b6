const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 15;

/** Seconds to wait before the n-th try again (n from 0), doubling, with up to 20 % of spread. */
export function backoffSeconds(tries: number, random = Math.random()): number {
  const plain = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** tries);
  return plain * (1 + 0.2 * random);
}
