/** Is the service there? Every call and the live socket report here; the banner reads it. */

class Link {
  /** Wall-clock time at which calls began to fail; null while they are answered. */
  failingSince = $state<number | null>(null);
  /** What the last failure was: "network" or "HTTP 503". */
  reason = $state('');
  /** The live socket: "opening" at first, "open", or "waiting" for its next try. */
  socket = $state<'opening' | 'open' | 'waiting'>('opening');
  socketLostAt = $state<number | null>(null);
  nextTryAt = $state<number | null>(null);
  /** Counts recoveries; readers that failed meanwhile refresh on a change. */
  recoveries = $state(0);

  failed(reason: string): void {
    this.reason = reason;
    this.failingSince ??= Date.now();
  }

  answered(): void {
    if (this.failingSince === null) return;
    this.failingSince = null;
    this.recoveries += 1;
  }

  opened(): void {
    if (this.socketLostAt !== null) this.recoveries += 1;
    this.socket = 'open';
    this.socketLostAt = null;
    this.nextTryAt = null;
  }

  dropped(waitSeconds: number): void {
    this.socket = 'waiting';
    this.socketLostAt ??= Date.now();
    this.nextTryAt = Date.now() + waitSeconds * 1000;
  }

  get lost(): boolean {
    return this.failingSince !== null || this.socketLostAt !== null;
  }

  get lostSince(): number | null {
    if (this.failingSince === null) return this.socketLostAt;
    return Math.min(this.failingSince, this.socketLostAt ?? Infinity);
  }
}

export const link = new Link();
