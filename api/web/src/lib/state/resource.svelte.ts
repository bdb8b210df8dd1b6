/** Something read from the API that is kept fresh while a component shows it. */
import { ApiError, get } from '../api/client';
import { backoffSeconds } from './backoff';

const shown = new Set<Resource<unknown>>();

/** The service is back, or somebody signed in: what failed meanwhile is read again at once. */
export function refreshFailed(): void {
  for (const resource of shown) if (resource.error) void resource.refresh();
}

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** True until the first answer, good or bad. */
  loading = $state(true);

  private timer: ReturnType<typeof setTimeout> | undefined;
  private control: AbortController | null = null;
  private tries = 0;
  private stopped = false;

  /** @param everyMs time between reads; 0 reads once (and again after a failure). */
  constructor(
    private readonly path: string,
    private readonly everyMs = 0,
  ) {
    shown.add(this as Resource<unknown>);
    void this.refresh();
  }

  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.control?.abort();
    const control = new AbortController();
    this.control = control;
    try {
      const data = await get<T>(this.path, control.signal);
      if (control.signal.aborted) return;
      this.data = data;
      this.error = null;
      this.tries = 0;
      this.again(this.everyMs);
    } catch (error) {
      if (control.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
      if (error.status === 404) this.data = null;
      this.again(backoffSeconds(this.tries) * 1000);
      this.tries += 1;
    }
    this.loading = false;
  }

  /** Show an answer that a POST brought, without waiting for the next read. */
  put(data: T): void {
    this.data = data;
  }

  stop(): void {
    this.stopped = true;
    shown.delete(this as Resource<unknown>);
    clearTimeout(this.timer);
    this.control?.abort();
  }

  private again(ms: number): void {
    if (ms > 0 && !this.stopped) this.timer = setTimeout(() => void this.refresh(), ms);
  }
}
