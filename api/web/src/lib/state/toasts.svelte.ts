/** Short messages that go away by themselves. */

export interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'bad' | 'plain';
}

const SHOWN_MS = 6_000;

class Toasts {
  items = $state.raw<Toast[]>([]);
  private next = 1;

  say(text: string, tone: Toast['tone'] = 'plain'): void {
    const id = this.next++;
    this.items = [...this.items.slice(-3), { id, text, tone }];
    setTimeout(() => this.drop(id), SHOWN_MS);
  }

  drop(id: number): void {
    this.items = this.items.filter((each) => each.id !== id);
  }
}

export const toasts = new Toasts();
