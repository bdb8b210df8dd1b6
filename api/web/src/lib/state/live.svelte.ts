/** The live picture: one socket, latest frame wins, reconnects for ever. */
import { BASE, get } from '../api/client';
import type { Alert, LiveFrame, Me } from '../api/types';
import { droneOf, type Drone } from '../fleet';
import { backoffSeconds } from './backoff';
import { link } from './link.svelte';
import { session } from './session.svelte';

/** A socket that has been silent for this long is given up and opened anew. */
const SILENCE_MS = 8_000;
/** The service sends 5 frames a second: after this long without one, values are old. */
const OLD_MS = 3_000;
/** Panels redraw this often; the map takes every frame. */
const PANEL_MS = 400;
const KEPT_ALERTS = 200;
const TRAIL_POINTS = 240;

type Listener = (frame: LiveFrame) => void;

class Live {
  /** The newest frame, at most every PANEL_MS. */
  frame = $state.raw<LiveFrame | null>(null);
  drones = $state.raw<Drone[]>([]);
  alerts = $state.raw<Alert[]>([]);
  /** No frame for OLD_MS: everything shown is history. */
  old = $state(false);
  readonly trails = new Map<string, [number, number][]>();

  private socket: WebSocket | null = null;
  private listeners = new Set<Listener>();
  private tries = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private heardAt = 0;
  private shownAt = 0;
  private pending: LiveFrame | null = null;
  private watch: ReturnType<typeof setInterval> | undefined;

  /** Start once; later calls open a new socket (after a sign-in). */
  start(): void {
    this.watch ??= setInterval(() => this.look(), 500);
    this.tries = 0;
    this.open();
  }

  retryNow(): void {
    if (link.socket !== 'waiting') return;
    this.open();
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.pending) listener(this.pending);
    return () => this.listeners.delete(listener);
  }

  private open(): void {
    clearTimeout(this.retry);
    this.close();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const query = session.token ? `?token=${encodeURIComponent(session.token)}` : '';
    const socket = new WebSocket(`${scheme}://${location.host}${BASE}/live${query}`);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(JSON.parse(String(message.data)) as LiveFrame);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
  }

  private close(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private lost(): void {
    this.close();
    const wait = backoffSeconds(this.tries);
    this.tries += 1;
    link.dropped(wait);
    this.retry = setTimeout(() => this.open(), wait * 1000);
    // A browser does not say why a socket was refused; a plain call tells "signed out" from "away".
    void get<Me>('/me').catch(() => undefined);
  }

  private take(frame: LiveFrame): void {
    const now = Date.now();
    this.heardAt = now;
    if (link.socket !== 'open') {
      this.tries = 0;
      link.opened();
    }
    this.pending = frame;
    this.remember(frame);
    for (const listener of this.listeners) listener(frame);
    if (frame.alerts.length > 0) this.addAlerts(frame.alerts);
    if (now - this.shownAt >= PANEL_MS) this.show(now);
  }

  private show(now: number): void {
    if (!this.pending) return;
    this.shownAt = now;
    this.frame = this.pending;
    this.drones = this.pending.drones.map(droneOf);
    this.old = false;
  }

  private look(): void {
    const quiet = Date.now() - this.heardAt;
    this.old = this.frame !== null && quiet > OLD_MS;
    if (this.socket && quiet > SILENCE_MS) this.lost();
  }

  private remember(frame: LiveFrame): void {
    for (const [id, lon, lat, height] of frame.drones) {
      if (lon === null || lat === null) continue;
      const trail = this.trails.get(id) ?? [];
      if (trail.length === 0) this.trails.set(id, trail);
      const last = trail[trail.length - 1];
      if (last && last[0] === lon && last[1] === lat) continue;
      if ((height ?? 0) < 1 && trail.length > 1) continue;
      trail.push([lon, lat]);
      if (trail.length > TRAIL_POINTS) trail.shift();
    }
  }

  private addAlerts(fresh: Alert[]): void {
    const known = new Set(this.alerts.map((alert) => alert.id));
    const added = fresh.filter((alert) => !known.has(alert.id));
    if (added.length === 0) return;
    this.alerts = [...this.alerts, ...added]
      .sort((a, b) => a.t.localeCompare(b.t))
      .slice(-KEPT_ALERTS);
  }
}

export const live = new Live();
