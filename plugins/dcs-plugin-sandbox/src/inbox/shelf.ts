import type { Cloud, Reply, Route } from '../server/cloud.ts';

/** What a small receiver keeps, behind `GET` and `DELETE /_sandbox/<name>`. */
export class Shelf<T> {
  items: T[] = [];

  routes(name: Cloud['name']): Route[] {
    const path = `/_sandbox/${name}`;
    const forget = (): Reply => {
      this.items = [];
      return { status: 200, body: { success: true } };
    };
    return [
      { method: 'GET', path, answer: () => ({ status: 200, body: this.items }) },
      { method: 'DELETE', path, answer: forget },
    ];
  }

  /** How a cloud that keeps nothing else is saved. */
  get saved(): Pick<Cloud, 'state' | 'restore' | 'seed'> {
    return {
      state: () => this.items,
      restore: (state) => {
        if (!Array.isArray(state)) throw new Error('The saved state of the sandbox is not readable.');
        this.items = state as T[];
      },
      seed: () => undefined,
    };
  }
}
