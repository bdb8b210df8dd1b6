/** Where the user is: page and parameters, kept in the address. */
import { parse, write, type PageName, type Place } from '../address';

class Router {
  place = $state.raw<Place>(parse(location.hash));

  constructor() {
    const read = () => (this.place = parse(location.hash));
    addEventListener('hashchange', read);
    addEventListener('popstate', read);
  }

  get page(): PageName {
    return this.place.page;
  }

  param(name: string): string | null {
    return this.place.params[name] ?? null;
  }

  go(page: PageName, params: Record<string, string> = {}): void {
    this.place = { page, params };
    history.pushState(null, '', write(this.place));
  }

  /** Change parameters of this page; null takes one away. Does not add a step to the history. */
  set(changes: Record<string, string | null>): void {
    const params = { ...this.place.params };
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) delete params[key];
      else params[key] = value;
    }
    this.place = { page: this.place.page, params };
    history.replaceState(null, '', write(this.place));
  }
}

export const router = new Router();
