import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { takeTokenFromAddress } from './lib/state/session.svelte';

takeTokenFromAddress();
addEventListener('hashchange', takeTokenFromAddress);

const target = document.getElementById('app');
if (!target) throw new Error('index.html has lost its #app element');
mount(App, { target });
