/** Who uses the console: the tokens live for this browser tab only. */
import { splitParam } from '../address';
import type { Me, Tokens } from '../api/types';

const KEY = 'flyonce.token';
const REFRESH = 'flyonce.refresh';
/** The access token is renewed so long before it ends. */
const AHEAD_S = 60;

class Session {
  token = $state<string | null>(sessionStorage.getItem(KEY));
  me = $state<Me | null>(null);
  /** The service answered 401: ask for a name and password. */
  asked = $state(false);
  /** A token was given and still refused. */
  wrong = $state(false);
  /** Why the identity provider's sign-in did not work. */
  refusal = $state<string | null>(null);
  /** Changes the refresh token for new ones; set by lib/api/signin, which speaks HTTP. */
  renewal: ((refresh: string) => Promise<Tokens | null>) | null = null;

  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<boolean> | null = null;

  get refreshable(): boolean {
    return sessionStorage.getItem(REFRESH) !== null;
  }

  /** Use a key or token as it is. */
  signIn(token: string): void {
    const clean = token.trim();
    clearTimeout(this.#timer);
    sessionStorage.removeItem(REFRESH);
    this.token = clean === '' ? null : clean;
    if (this.token) sessionStorage.setItem(KEY, this.token);
    else sessionStorage.removeItem(KEY);
    this.asked = false;
    this.wrong = false;
  }

  /** Use the tokens of a sign-in, and renew them before they end. */
  take(tokens: Tokens): void {
    this.signIn(tokens.access_token);
    sessionStorage.setItem(REFRESH, tokens.refresh_token);
    this.me = tokens.me;
    this.refusal = null;
    const wait = Math.max(5, tokens.expires_in - AHEAD_S);
    this.#timer = setTimeout(() => void this.renew(), wait * 1000);
  }

  /** New tokens; false when there are none to be had. Calls made meanwhile share one attempt. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renew(): Promise<boolean> {
    const refresh = sessionStorage.getItem(REFRESH);
    if (refresh === null || this.renewal === null) return false;
    const tokens = await this.renewal(refresh);
    if (tokens !== null) this.take(tokens);
    else sessionStorage.removeItem(REFRESH);
    return tokens !== null;
  }

  signOut(): void {
    this.signIn('');
    this.me = null;
    this.asked = true;
  }

  refused(): void {
    this.wrong = this.token !== null;
    this.asked = true;
  }
}

export const session = new Session();

/** Take `#token=...`, `#code=...` or `#refused=...` out of the address before anything else reads
 * or shares it; gives the code with which an identity provider's sign-in came back. */
export function takeTokenFromAddress(): string | null {
  let code: string | null = null;
  for (const name of ['token', 'code', 'refused'] as const) {
    const { value, rest } = splitParam(location.hash, name);
    if (value === null) continue;
    if (name === 'token') session.signIn(value);
    else if (name === 'code') code = value;
    else session.refusal = value;
    history.replaceState(null, '', location.pathname + location.search + rest);
  }
  if (session.refusal !== null) session.asked = true;
  return code;
}
