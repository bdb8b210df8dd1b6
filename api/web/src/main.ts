import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { words } from './lib/i18n/words.svelte';
import { takeCode } from './lib/api/signin';
import { prefs } from './lib/state/prefs.svelte';
import { session, takeTokenFromAddress } from './lib/state/session.svelte';

async function signedInByAddress(): Promise<void> {
  const code = takeTokenFromAddress();
  if (code === null) return;
  try {
    await takeCode(code);
  } catch (cause) {
    session.refusal = cause instanceof Error ? cause.message : String(cause);
    session.asked = true;
  }
}

await signedInByAddress();
addEventListener('hashchange', () => void signedInByAddress());

const target = document.getElementById('app');
if (!target) throw new Error('index.html has lost its #app element');
// Top-level await: nothing is worth showing without words.
await words.load(prefs.language);
mount(App, { target });
