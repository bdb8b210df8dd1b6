/** Signing in and out, and what keeps one signed in. */
import { session } from '../state/session.svelte';
import { ApiError, get, patch, post } from './client';
import type { Me, SignInWays, Tokens } from './types';

session.renewal = async (refresh) => {
  try {
    return await post<Tokens>('/sign-in/refresh', { refresh_token: refresh });
  } catch (cause) {
    // Away is not refused: the token stays good, and the next call tries again.
    if (cause instanceof ApiError && !cause.unavailable) return null;
    throw cause;
  }
};

export const ways = (): Promise<SignInWays> => get('/sign-in');

export async function signIn(name: string, password: string): Promise<void> {
  session.take(await post<Tokens>('/sign-in', { name, password }));
}

/** Change the code of an identity provider's sign-in for tokens. */
export async function takeCode(code: string): Promise<void> {
  session.take(await post<Tokens>('/sign-in/provider/tokens', { code }));
}

export async function changePassword(old: string, chosen: string): Promise<void> {
  session.me = await patch<Me>('/me', { old_password: old, password: chosen });
}

/** End the session here and at the service; a key is only forgotten here. */
export async function signOut(): Promise<void> {
  if (session.refreshable) await post('/sign-out', {}).catch(() => undefined);
  session.signOut();
}
