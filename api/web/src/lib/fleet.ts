/** What a drone of the live picture is, and which of them deserve a look. */
import type { DroneRow } from './api/types';

export interface Drone {
  id: string;
  lon: number | null;
  lat: number | null;
  height_m: number | null;
  heading_deg: number | null;
  speed_mps: number | null;
  battery: number | null;
  state: string;
  flight: string | null;
  progress: number | null;
  heard_s: number | null;
  photos: number | null;
}

export function droneOf(row: DroneRow): Drone {
  const [id, lon, lat, height_m, heading_deg, speed_mps, battery, state, flight, progress, heard_s, photos] = row;
  return { id, lon, lat, height_m, heading_deg, speed_mps, battery, state, flight, progress, heard_s, photos };
}

/**
 * Has the vehicle not been heard for too long? `heard_s` counts in the fleet's own (simulated) time,
 * so a fast simulation gets three seconds of wall clock, never less than five of its own.
 */
export function isSilent(heard_s: number | null, speed: number | null): boolean {
  return heard_s === null || heard_s > Math.max(5, 3 * (speed ?? 1));
}

/** Which states mean that the vehicle is in the air. */
const AIRBORNE = new Set(['takeoff', 'mission', 'hold', 'guided', 'returning', 'landing']);

export function isAirborne(state: string): boolean {
  return AIRBORNE.has(state);
}

/** States that somebody should look at. */
export function needsAttention(drone: Drone, speed: number | null): boolean {
  return drone.state === 'lost' || drone.state === 'fault' || isSilent(drone.heard_s, speed);
}

export type Group = 'all' | 'air' | 'ground' | 'attention';

/** The drones that the list shows for a search text and a group, in the order given. */
export function pick(drones: Drone[], group: Group, text: string, speed: number | null, words: (drone: Drone) => string): Drone[] {
  const wanted = text.trim().toLowerCase();
  return drones.filter((drone) => {
    if (group === 'air' && !isAirborne(drone.state)) return false;
    if (group === 'ground' && isAirborne(drone.state)) return false;
    if (group === 'attention' && !needsAttention(drone, speed)) return false;
    return wanted === '' || words(drone).toLowerCase().includes(wanted);
  });
}
