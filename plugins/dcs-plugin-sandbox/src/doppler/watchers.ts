/** Who listens for changes. One config refers to others, so everybody hears of every change, and looks. */
export class Watchers {
  #listening = new Set<() => void>();

  /** Answers what ends it. */
  add(changed: () => void): () => void {
    this.#listening.add(changed);
    return () => void this.#listening.delete(changed);
  }

  changed(): void {
    for (const tell of this.#listening) tell();
  }
}
