/**
 * The shapes of the public API (/api/v1), as far as the console reads them.
 * Positions are WGS-84 degrees, times ISO-8601 UTC, heights metres above ground.
 */
import type { Feature, FeatureCollection, Geometry, LineString, Point, Polygon } from 'geojson';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  field?: string;
  remedy?: string;
}

export interface Health {
  status: 'ok' | 'starting';
  time: string | null;
  wall: string;
  vehicles: number;
  vehicles_heard: number;
}

export interface Me {
  role: string;
  department: string | null;
  name: string;
  permissions: string[];
  must_change_password: boolean;
  signed_in: boolean;
}

export interface Tokens {
  access_token: string;
  expires_in: number;
  refresh_token: string;
  me: Me;
}

export interface SignInWays {
  required: boolean;
  provider: string | null;
}

export interface Named {
  id: string;
  name: string;
  name_zh: string;
}

export interface DockProps extends Named {
  link: string;
  system_id: number;
  kind: string;
  county: string;
}

export interface ZoneProps extends Named {
  kind: string;
  ceiling_m: number;
  buffer_m: number;
}

export interface PlaceProps extends Named {
  kind: string;
}

export interface VehicleKind extends Named {
  sensors: string[];
  endurance_s: number;
  cruise_mps: number;
  wind_limit_mps: number;
}

export interface City {
  name: string;
  title: string;
  title_zh: string;
  attribution: string;
  zone: string;
  territory: FeatureCollection<Geometry, Named>;
  docks: FeatureCollection<Point, DockProps>;
  zones: FeatureCollection<Geometry, ZoneProps>;
  places: FeatureCollection<Geometry, PlaceProps>;
  departments: Named[];
  kinds: VehicleKind[];
}

export interface Scenario extends Named {
  department: string;
  shared_with: string[];
  geometry: 'area' | 'corridor' | 'points';
  sensor: string;
  gsd_m: number;
  revisit_h: number;
  priority: number;
  event_types: string[];
}

export interface EventType {
  code: string;
  class_name: string;
  class_name_zh: string;
  name: string;
  name_zh: string;
  sensor: string;
  detector: string;
  severity: number;
  department: string;
  deadline_h: number;
}

/** [id, lon, lat, height_m, heading_deg, speed_mps, battery, state, flight, progress, heard_s_ago, photos, signed] */
export type DroneRow = [
  string,
  number | null,
  number | null,
  number | null,
  number | null,
  number | null,
  number | null,
  string,
  string | null,
  number | null,
  number | null,
  number | null,
  (number | null)?,
];

export interface Counts {
  flying: number;
  flown: number;
  photos: number;
  anomalies: number;
  cases_open: number;
  reviews_open: number;
}

export interface Alert {
  id: string | number;
  t: string;
  kind: string;
  severity: number;
  event_type: string | null;
  text: string;
  text_zh: string;
  lon: number | null;
  lat: number | null;
  case_id: string | null;
}

export interface LiveFrame {
  t: string;
  speed: number | null;
  drones: DroneRow[];
  counts: Counts;
  alerts: Alert[];
}

export interface PlannedFlight {
  id: string;
  dock: string;
  vehicle: string;
  start: string;
  end: string;
  state: string;
  tasks: string[];
  departments: string[];
  priority: number;
  landing_share: number;
}

export interface Unserved {
  task: string;
  code: string;
  reason: string;
  reason_zh: string;
  departments: string[];
}

export interface Plan {
  day: string;
  id: string;
  verified: boolean;
  value: number;
  km: number;
  km_separate: number | null;
  flights: PlannedFlight[];
  unserved: Unserved[];
  tasks: { asked: number; merged: number; planned: number; refused: number };
  territory_share: { day_planned: number | null; week_planned: number | null };
}

export interface FlightTask {
  id: string;
  scenarios: string[];
  departments: string[];
  sensors: string[];
}

export interface Flight {
  id: string;
  dock: string;
  vehicle: string;
  start: string;
  end: string;
  state: string;
  reason: string | null;
  reason_zh?: string | null;
  km?: number;
  priority?: number;
  landing_share?: number;
  tasks: FlightTask[];
  route: Feature<LineString> | null;
  log: { t: string; text: string; text_zh: string }[];
  photos: { expected: number | null; taken: number; kept: number; dropped: number };
  ledger: { department: string; km: number; minutes: number }[];
}

export interface PointAnswer {
  flight_id: string | null;
  vehicle: string;
  eta_s: number;
  distance_km: number;
  filing: { state: string } | null;
}

export interface Answer {
  state: string;
  text: string;
  text_zh: string;
  flight_id?: string | null;
  start?: string | null;
}

export interface LookRequest {
  id: string;
  scenario: string | null;
  department: string;
  shared_with: string[];
  geometry: Geometry;
  sensor: string;
  gsd_m: number;
  earliest: string;
  latest: string;
  priority: number;
  state: string;
  origin: string;
  purpose: string | null;
  task_ids: string[];
  answer: Answer | null;
}

export interface Medium {
  id: string;
  taken_at: string | null;
  vehicle: string | null;
  flight_id: string | null;
  camera: string | null;
  sensor: string | null;
  gsd_m: number | null;
  lon: number | null;
  lat: number | null;
  footprint: Polygon | null;
  state: string;
  reason: string | null;
}

export interface AnomalyProps {
  id: string;
  event_type: string;
  first_seen: string;
  last_seen: string;
  sightings: number;
  peak_c: number | null;
  severity: number;
  error_m: number | null;
  state: string;
  case_id: string | null;
}

export type Anomalies = FeatureCollection<Point, AnomalyProps>;

export interface CaseStep {
  step: string;
  at: string;
  by: string;
  note: string | null;
}

export interface Recheck {
  at: string;
  flight_id: string | null;
  verdict: 'hot' | 'warm' | 'cold' | null;
  peak_c: number | null;
}

export interface CaseRow {
  id: string;
  number: string;
  event_type: string;
  title: string;
  title_zh: string;
  state: string;
  department: string;
  shared_with: string[];
  opened_at: string;
  due_at: string | null;
  overdue: boolean;
  lon: number;
  lat: number;
  severity: number;
}

export interface Case extends CaseRow {
  steps: CaseStep[];
  media: string[];
  rechecks: Recheck[];
  anomaly_ids: string[];
  before: string | null;
  after: string | null;
}

export interface Review {
  id: string;
  kind: 'look' | 'find';
  event_types: string[];
  task_id: string | null;
  place: string | null;
  lon: number;
  lat: number;
  geometry: Geometry | null;
  media: string[];
  created_at: string;
  department: string;
  state: string;
  decision: { decision: string } | string | null;
  found?: Found | null;
  marks?: { id: string; case_id: string | null }[];
  remark?: string | null;
  remark_zh?: string | null;
}

/** What a detector found. */
export interface Found {
  detector: string;
  version: string;
  score: number;
  kind: string | null;
  label: string | null;
  area_m2: number | null;
  seen: number;
  has_before: boolean;
}

export interface Precision {
  confirmed: number;
  rejected: number;
  reclassed: number;
  precision: number | null;
  low: number;
  high: number;
}

export interface Detector {
  id: string;
  state: string;
  precision: Precision;
  by_event_type: Record<string, Precision>;
}
