/** Between UTC and what a `datetime-local` field shows, in the city's time zone. */

function parts(at: number, zone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

/** Milliseconds that the zone is ahead of UTC at a moment. */
export function offsetOf(at: number, zone: string): number {
  const { year, month, day, hour, minute, second } = parts(at, zone);
  const shown = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return shown - Math.floor(at / 1000) * 1000;
}

/** "2026-05-12T14:30" for a moment. */
export function toField(at: number, zone: string): string {
  const { year, month, day, hour, minute } = parts(at, zone);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** The moment of a field's text as ISO UTC; null for an empty or unfinished field. */
export function fromField(text: string, zone: string): string | null {
  const naive = Date.parse(`${text}Z`);
  if (Number.isNaN(naive)) return null;
  // Once more with the offset at the guess: right on both sides of a clock change.
  const guess = naive - offsetOf(naive, zone);
  return new Date(naive - offsetOf(guess, zone)).toISOString();
}
