/** What does not change during a shift: the city, its catalogue, and the names in it. */
import { untrack } from 'svelte';
import type { City, EventType, Page, Scenario } from '../api/types';
import { prefs } from './prefs.svelte';
import { Resource } from './resource.svelte';

interface HasNames {
  name: string;
  name_zh: string;
}

class CityState {
  #city: Resource<City> | undefined = $state.raw();
  #scenarios: Resource<Page<Scenario>> | undefined = $state.raw();
  #types: Resource<Page<EventType>> | undefined = $state.raw();

  /** Read (again): at the start and after a sign-in. */
  load(): void {
    untrack(() => {
      this.#city?.stop();
      this.#types?.stop();
      this.#scenarios?.stop();
    });
    this.#city = new Resource<City>('/city');
    this.#types = new Resource<Page<EventType>>('/event-types');
    this.#scenarios = new Resource<Page<Scenario>>('/scenarios');
  }

  get data(): City | null {
    return this.#city?.data ?? null;
  }

  get scenarios(): Scenario[] {
    return this.#scenarios?.data?.items ?? [];
  }

  get eventTypes(): EventType[] {
    return this.#types?.data?.items ?? [];
  }

  get zone(): string {
    return this.data?.zone ?? 'Asia/Shanghai';
  }

  name(thing: HasNames | undefined, otherwise: string): string {
    if (!thing) return otherwise;
    return (prefs.language === 'zh-CN' ? thing.name_zh : thing.name) || thing.name || otherwise;
  }

  department(id: string | null): string {
    if (!id) return '';
    return this.name(this.data?.departments.find((each) => each.id === id), id);
  }

  eventType(code: string | null): string {
    if (!code) return '';
    return this.name(this.eventTypes.find((each) => each.code === code), code);
  }

  scenario(id: string | null): string {
    if (!id) return '';
    return this.name(this.scenarios.find((each) => each.id === id), id);
  }

  dock(id: string): string {
    return this.name(this.data?.docks.features.find((each) => each.properties.id === id)?.properties, id);
  }

  county(id: string): string {
    return this.name(this.data?.territory.features.find((each) => each.properties.id === id)?.properties, id);
  }

  kind(id: string): string {
    return this.name(this.data?.kinds.find((each) => each.id === id), id);
  }

  text(thing: { text: string; text_zh: string }): string {
    return (prefs.language === 'zh-CN' ? thing.text_zh : thing.text) || thing.text;
  }
}

export const city = new CityState();
