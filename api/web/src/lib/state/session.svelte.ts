/** Who uses the console: the token lives for this browser tab only. */
import { splitToken } from '../address';
import type { Me } from '../api/types';

const KEY = 'flyonce.token';

class Session {
  token = $state<string | null>(sessionStorage.getItem(KEY));
  me = $state<Me | null>(null);
  /** The service answered 401: ask for a token. */
  asked = $state(false);
  /** A token was given and still refused. */
  wrong = $state(false);

  signIn(token: string): void {
    const clean = token.trim();
    this.token = clean === '' ? null : clean;
    if (this.token) sessionStorage.setItem(KEY, this.token);
    else sessionStorage.removeItem(KEY);
    this.asked = false;
    this.wrong = false;
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

/** Take `#token=...` out of the address before anything else reads or shares it. */
export function takeTokenFromAddress(): void {
  const { token, rest } = splitToken(location.hash);
  if (token === null) return;
  session.signIn(token);
  history.replaceState(null, '', location.pathname + location.search + rest);
}
