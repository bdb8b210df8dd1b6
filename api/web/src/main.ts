import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { words } from './lib/i18n/words.svelte';
import { prefs } from './lib/state/prefs.svelte';
import { takeTokenFromAddress } from './lib/state/session.svelte';

takeTokenFromAddress();
addEventListener('hashchange', takeTokenFromAddress);

const target = document.getElementById('app');
if (!target) throw new Error('index.html has lost its #app element');
// Top-level await: nothing is worth showing without words.
await words.load(prefs.language);
mount(App, { target });
