/** One place that speaks HTTP: token, errors in the problem+json form, and what they mean. */
import { session } from '../state/session.svelte';
import { link } from '../state/link.svelte';
import type { Problem } from './types';

export const BASE = '/api/v1';
const TIMEOUT_MS = 20_000;

/** What went wrong with a call. `status` 0 means that the service could not be reached at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
  }

  /** The service is away or broken: waiting and trying again makes sense. */
  get unavailable(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json')) return { status: response.status, title: response.statusText };
  const body: unknown = await response.json().catch(() => null);
  if (body === null || typeof body !== 'object') return { status: response.status };
  const { detail, ...rest } = body as Problem;
  return { ...rest, detail: typeof detail === 'string' ? detail : undefined };
}

function headersFor(extra?: HeadersInit): Headers {
  const headers = new Headers(extra);
  if (session.token) headers.set('Authorization', `Bearer ${session.token}`);
  return headers;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const { token } = session;
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      ...init,
      headers: headersFor(init.headers),
      signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    link.failed('network');
    throw new ApiError(0, { title: 'unreachable' });
  }
  if (response.ok) {
    link.answered();
    return response;
  }
  const signing = path.startsWith('/sign-in');
  if (response.status === 401 && !signing && session.refreshable) {
    if (token !== session.token || (await session.renew())) return send(path, init);
  }
  // A late answer to a call made before the sign-in says nothing about the new token.
  if (response.status === 401 && !signing && token === session.token) session.refused();
  const error = new ApiError(response.status, await problemOf(response));
  if (error.unavailable) link.failed(`HTTP ${response.status}`);
  else link.answered();
  throw error;
}

/** GET JSON; raises ApiError. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json() as Promise<T>;
}

async function write<T>(
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<T> {
  const response = await send(path, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** POST JSON; raises ApiError. */
export function post<T>(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  return write('POST', path, body, headers);
}

/** PATCH JSON; raises ApiError. */
export function patch<T>(path: string, body: unknown): Promise<T> {
  return write('PATCH', path, body, {});
}

/** Bytes of a picture, for when an `<img>` cannot carry the token itself. */
export async function blob(path: string, signal?: AbortSignal): Promise<Blob> {
  return (await send(path, { signal })).blob();
}

/** A key under which the service recognises a repeated POST; works without a secure context too. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
